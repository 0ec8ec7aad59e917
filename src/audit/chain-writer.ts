import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/ports.ts';
import { type AppendFile, openAppendFile } from './append-file.ts';
import { hashLine, lineOf, type PreparedLine } from './audit-line.ts';
import { HEADS_FILE, segmentPath } from './chain-folder.ts';
import { headLine, signHead } from './chain-head.ts';
import { HEAD_EVERY_LINES } from './chain-limits.ts';
import type { SigningKey } from './signing-key.ts';

/** Enough for a few hundred heads. */
const HEADS_RESERVE_BYTES = 64 * 1024;
const NEWLINE = Buffer.from('\n');

export interface ChainWriterOptions {
  readonly chainFolder: string;
  readonly chain: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly segmentBytes: number;
  readonly reserveBytes: number;
  /** Where the chain ends so far. */
  readonly end: {
    readonly seq: number;
    readonly hash: string;
    readonly segment: number;
    readonly endBytes: number;
    readonly lastLineOffsetBytes: number;
    readonly unsignedLines: number;
    readonly headsEndBytes: number;
  };
}

/** One call at a time. What rejects has left the chain as it was, and may be tried again. */
export interface ChainWriter {
  /** Resolves when all of them are on the disk, with the number of the first. */
  append(prepared: readonly PreparedLine[]): Promise<number>;
  /** Signs what has no head over it yet. */
  signHead(): Promise<void>;
  readonly seq: number;
  readonly unsignedLines: number;
  close(): Promise<void>;
}

export async function openChainWriter(options: ChainWriterOptions): Promise<ChainWriter> {
  const { chainFolder, chain, key, clock, segmentBytes, reserveBytes, end } = options;
  let { seq, hash, segment, lastLineOffsetBytes, unsignedLines } = end;
  const openSegment = (number: number, endBytes: number): Promise<AppendFile> =>
    openAppendFile({ path: segmentPath(chainFolder, number), endBytes, reserveBytes });

  let lines = await openSegment(segment, end.endBytes);
  const heads = await openAppendFile({
    path: join(chainFolder, HEADS_FILE),
    endBytes: end.headsEndBytes,
    reserveBytes: Math.min(HEADS_RESERVE_BYTES, reserveBytes),
  }).catch(async (error: unknown) => {
    await lines.close();
    throw error;
  });

  async function signLastLine(): Promise<void> {
    if (unsignedLines === 0) return;
    const time = new Date(clock.nowMs()).toISOString();
    await heads.append(headLine(signHead({ chain, seq, hash, segment, offsetBytes: lastLineOffsetBytes, time }, key)));
    unsignedLines = 0;
  }

  async function nextSegment(): Promise<void> {
    await signLastLine();
    const next = await openSegment(segment + 1, 0).catch(async (error: unknown) => {
      await rm(segmentPath(chainFolder, segment + 1), { force: true });
      throw error;
    });
    const full = lines;
    lines = next;
    segment += 1;
    await full.close();
  }

  return {
    get seq() {
      return seq;
    },
    get unsignedLines() {
      return unsignedLines;
    },
    async append(prepared) {
      if (unsignedLines >= HEAD_EVERY_LINES) await signLastLine();
      if (lines.endBytes >= segmentBytes) {
        // No room for another file yet: this one takes what still fits into its reserve
        await nextSegment().catch(() => undefined);
      }
      const place = { seq, hash, offsetBytes: lines.endBytes, lastLineOffsetBytes };
      const pieces: Buffer[] = [];
      for (const next of prepared) {
        const line = lineOf(next, { seq: place.seq + 1, prev: place.hash });
        pieces.push(line, NEWLINE);
        place.seq += 1;
        place.hash = hashLine(line);
        place.lastLineOffsetBytes = place.offsetBytes;
        place.offsetBytes += line.length + NEWLINE.length;
      }
      await lines.append(Buffer.concat(pieces));
      const firstSeq = seq + 1;
      ({ seq, hash, lastLineOffsetBytes } = place);
      unsignedLines += prepared.length;
      return firstSeq;
    },
    signHead: signLastLine,
    async close() {
      try {
        await signLastLine();
      } finally {
        await lines.close().finally(() => heads.close());
      }
    },
  };
}
