import { AuditFaultError, type AuditFaultKind } from './audit-fault.ts';
import { hashLine, NO_HASH, type ParsedLine, parseLine } from './audit-line.ts';
import { HEADS_FILE, segmentFile } from './chain-folder.ts';
import type { ChainHead } from './chain-head.ts';
import { HEAD_EVERY_LINES, LINES_BEFORE_FIRST_HEAD, MAX_BATCH_LINES } from './chain-limits.ts';
import { nameBreak } from './name-break.ts';
import type { LinePlace, PlacedLine } from './read-lines.ts';
import type { VerifyingKey } from './signing-key.ts';

/** A line that is where it belongs, as it was written. */
export interface CheckedLine {
  readonly seq: number;
  readonly content: ParsedLine['content'];
}

export type HeadList = AsyncIterable<ChainHead> | Iterable<ChainHead>;

export interface ChainCheckOptions {
  readonly chainFolder: string;
  readonly chain: string;
  readonly key: VerifyingKey;
  /** Each list rising: the chain must hold the lines they cover. */
  readonly heads: readonly HeadList[];
  /** Begins at the line of this head instead of the first one. */
  readonly from?: ChainHead;
}

/** How far the check has come. */
export interface CheckedSoFar {
  /** Of the last line; 0 and NO_HASH before the first. */
  readonly seq: number;
  readonly hash: string;
  readonly lastLine: LinePlace | undefined;
  /** The last line that a head covers. */
  readonly signedSeq: number;
}

/** Line after line, each against the one before and the heads over it. What throws, throws AuditFaultError. */
export interface ChainCheck {
  check(line: PlacedLine): Promise<CheckedLine>;
  /** After the last line: is anything that was signed not there? */
  finish(torn: LinePlace | undefined): CheckedSoFar;
  fault(kind: AuditFaultKind, place: Pick<LinePlace, 'segment' | 'line'>, message: string): AuditFaultError;
  close(): Promise<void>;
}

export async function startChainCheck(options: ChainCheckOptions, segments: readonly number[]): Promise<ChainCheck> {
  const { chainFolder, chain, key, from } = options;
  const heads = await Promise.all(options.heads.map(openCursor));
  let seq = from ? from.seq - 1 : 0;
  let hash = from ? undefined : NO_HASH;
  let signedSeq = 0;
  let lastLine: LinePlace | undefined;

  const fault: ChainCheck['fault'] = (kind, { segment, line }, message) =>
    new AuditFaultError({ kind, chain, file: segmentFile(segment), line, message });

  async function breakAt(placed: PlacedLine, parsed: ParsedLine): Promise<AuditFaultError> {
    const found = {
      placed,
      parsed,
      previous: lastLine,
      isPreviousSigned: signedSeq === seq,
      signedHash: heads.map(({ head }) => head).find((head) => head?.seq === parsed.seq)?.hash,
    };
    return new AuditFaultError(await nameBreak({ chainFolder, chain, segments }, found, { seq: seq + 1, prev: hash }));
  }

  return {
    fault,
    async check(placed) {
      const parsed = parseLine(placed.bytes);
      if (parsed === undefined) throw fault('altered', placed, 'It is no audit record.');
      if (parsed.seq !== seq + 1 || (hash !== undefined && parsed.prev !== hash)) throw await breakAt(placed, parsed);
      if (parsed.seq === 1 && (parsed.content.chain !== chain || parsed.content.publicKey !== key.fingerprint)) {
        throw fault('altered', placed, 'It does not begin this chain, or names another public key.');
      }
      seq = parsed.seq;
      hash = hashLine(placed.bytes);
      lastLine = placed;
      for (const cursor of heads) {
        while (cursor.head?.seq === seq) {
          if (cursor.head.hash !== hash) throw fault('altered', placed, rewritten(signedSeq + 1, seq));
          await cursor.advance();
          signedSeq = seq;
        }
      }
      return { seq, content: parsed.content };
    },
    finish(torn) {
      const lost = heads.find(({ head }) => head !== undefined)?.head;
      if (lost) {
        const place = torn ?? { segment: lastLine?.segment ?? 1, line: (lastLine?.line ?? 0) + 1 };
        const message = `Records ${seq + 1} to ${lost.seq} were signed and are gone.`;
        throw fault(torn ? 'altered' : 'truncated', place, message);
      }
      if (seq - signedSeq > (signedSeq === 0 ? LINES_BEFORE_FIRST_HEAD : HEAD_EVERY_LINES + MAX_BATCH_LINES)) {
        const message = `Heads are gone: the records after ${signedSeq} must have some.`;
        throw new AuditFaultError({ kind: 'missing', chain, file: HEADS_FILE, line: 1, message });
      }
      return { seq, hash: hash ?? NO_HASH, lastLine, signedSeq };
    },
    async close() {
      await Promise.all(heads.map((cursor) => cursor.close()));
    },
  };
}

function rewritten(firstSeq: number, lastSeq: number): string {
  if (firstSeq === lastSeq) return 'It is not the record that was signed.';
  return `It, or one of the records ${firstSeq} to ${lastSeq - 1} before it, was rewritten with all that follow.`;
}

interface HeadCursor {
  head: ChainHead | undefined;
  advance(): Promise<void>;
  close(): Promise<void>;
}

async function openCursor(heads: HeadList): Promise<HeadCursor> {
  const iterator = Symbol.asyncIterator in heads ? heads[Symbol.asyncIterator]() : heads[Symbol.iterator]();
  const cursor: HeadCursor = {
    head: undefined,
    async advance() {
      const { done, value } = await iterator.next();
      cursor.head = done ? undefined : value;
    },
    async close() {
      await iterator.return?.();
    },
  };
  await cursor.advance();
  return cursor;
}
