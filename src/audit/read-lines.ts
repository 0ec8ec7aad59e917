import { open } from 'node:fs/promises';
import { MAX_LINE_BYTES } from './audit-line.ts';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);
const ONE_NUL = Buffer.alloc(1);

export interface RawLine {
  /** Without the newline. */
  readonly bytes: Buffer;
  readonly offsetBytes: number;
}

export interface LinePlace {
  readonly segment: number;
  /** From 1. */
  readonly line: number;
  readonly offsetBytes: number;
}

export interface PlacedLine extends LinePlace {
  readonly bytes: Buffer;
}

/** What follows the last newline, but for the zeros of a reserve; empty after a clean end. */
export interface LinesEnd {
  readonly unfinished: Buffer;
  readonly offsetBytes: number;
}

export interface LineBunch {
  readonly lines: readonly RawLine[];
  /** With the last bunch, and only with it. */
  readonly end?: LinesEnd;
}

/** Lines in bunches, in constant memory. What is too long for a line comes in pieces that are none. */
export async function* readLines(
  path: string,
  range: { readonly fromBytes?: number; readonly untilBytes?: number } = {},
): AsyncGenerator<LineBunch, void, undefined> {
  const { fromBytes = 0, untilBytes = Number.POSITIVE_INFINITY } = range;
  const file = await open(path, 'r');
  try {
    let rest: Buffer = NOTHING;
    let restOffset = fromBytes;
    for (let chunkOffset = fromBytes; chunkOffset < untilBytes; ) {
      const wanted = Math.min(CHUNK_BYTES, untilBytes - chunkOffset);
      // Own memory each time: the lines handed out are slices of it
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, chunkOffset);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      const lines: RawLine[] = [];
      let from = 0;
      for (let newline = chunk.indexOf(NEWLINE); newline !== -1; newline = chunk.indexOf(NEWLINE, from)) {
        const piece = chunk.subarray(from, newline);
        lines.push({ bytes: rest.length === 0 ? piece : Buffer.concat([rest, piece]), offsetBytes: restOffset });
        from = newline + 1;
        restOffset = chunkOffset + from;
        rest = NOTHING;
      }
      rest = shortened(Buffer.concat([rest, chunk.subarray(from)]));
      chunkOffset += bytesRead;
      if (rest.length > MAX_LINE_BYTES) {
        lines.push({ bytes: rest, offsetBytes: restOffset });
        rest = NOTHING;
        restOffset = chunkOffset;
      }
      if (lines.length > 0) yield { lines };
    }
    yield { lines: [], end: { unfinished: withoutTrailingNuls(rest), offsetBytes: restOffset } };
  } finally {
    await file.close();
  }
}

/** One zero stands for a run of them: a reserve is megabytes long. */
function shortened(bytes: Buffer): Buffer {
  const trimmed = withoutTrailingNuls(bytes);
  return trimmed.length === bytes.length ? bytes : Buffer.concat([trimmed, ONE_NUL]);
}

function withoutTrailingNuls(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
