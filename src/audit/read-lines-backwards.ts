import { open } from 'node:fs/promises';
import { MAX_LINE_BYTES } from './audit-line.ts';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;

/**
 * The whole lines of a file, last first, without their newlines; what follows the last newline (a write under way, the
 * zeros of a reserve) is left out. Reads from the end, so that the newest lines of a long file cost little.
 */
export async function* readLinesBackwards(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let isWhole = false;
    for (let until = (await file.stat()).size; until > 0; ) {
      const from = Math.max(0, until - CHUNK_BYTES);
      // Own memory each time: the lines handed out are slices of it
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(until - from), 0, until - from, from);
      // Cut off meanwhile: what is there now is read anew by the next look
      if (bytesRead < until - from) return;
      let end = buffer.length;
      for (let newline = buffer.lastIndexOf(NEWLINE); newline !== -1; ) {
        const piece = buffer.subarray(newline + 1, end);
        if (isWhole) yield rest.length === 0 ? piece : Buffer.concat([piece, rest]);
        isWhole = true;
        rest = Buffer.alloc(0);
        end = newline;
        newline = newline === 0 ? -1 : buffer.lastIndexOf(NEWLINE, newline - 1);
      }
      // Before the first newline from the end there is nothing to keep; a line is never longer than this
      if (isWhole) rest = Buffer.concat([buffer.subarray(0, end), rest]);
      if (rest.length > MAX_LINE_BYTES) return;
      until = from;
    }
    if (isWhole) yield rest;
  } finally {
    await file.close();
  }
}
