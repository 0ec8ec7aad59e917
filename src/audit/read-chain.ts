import { AuditFaultError, type AuditFaultKind } from './audit-fault.ts';
import { hashLine, MAX_LINE_BYTES, NO_HASH, type ParsedLine, parseLine } from './audit-line.ts';
import { HEADS_FILE, listSegments, segmentFile, segmentPath } from './chain-folder.ts';
import type { ChainHead } from './chain-head.ts';
import { BATCH_BYTES, HEAD_EVERY_LINES, LINES_BEFORE_FIRST_HEAD, MAX_BATCH_LINES } from './chain-limits.ts';
import { nameBreak } from './name-break.ts';
import { type LinePlace, type PlacedLine, type RawLine, readLines } from './read-lines.ts';
import type { VerifyingKey } from './signing-key.ts';

/** A line that is where it belongs, as it was written. */
export interface CheckedLine {
  readonly seq: number;
  readonly content: ParsedLine['content'];
}

/** Where a chain ends, and goes on. */
export interface ChainEnd {
  /** Of the last line; 0 and NO_HASH for a chain without any. */
  readonly seq: number;
  readonly hash: string;
  /** Where that line stands; undefined for a chain without any. */
  readonly lastLine: LinePlace | undefined;
  /** Of the last segment; 0 when there is none. */
  readonly segment: number;
  /** Where the next line goes. */
  readonly endBytes: number;
  /** What a write that was cut off, or is under way, left behind that. */
  readonly tornBytes: number;
  /** The last line that a head covers. */
  readonly signedSeq: number;
}

export interface ReadChainOptions {
  readonly chainFolder: string;
  readonly chain: string;
  readonly key: VerifyingKey;
  /** Each list rising: the chain must hold the lines they cover. */
  readonly heads: readonly (AsyncIterable<ChainHead> | Iterable<ChainHead>)[];
  /** Begins at the line of this head instead of the first one; faults then count lines from there. */
  readonly from?: ChainHead;
}

/** The lines of a chain, checked as they come, in constant memory; AuditFaultError at the first that is wrong. */
export async function* readChain(
  options: ReadChainOptions,
): AsyncGenerator<readonly CheckedLine[], ChainEnd, undefined> {
  const { chainFolder, chain, key, from } = options;
  const segments = (await listSegments(chainFolder)).filter((segment) => segment >= (from?.segment ?? 1));
  const heads = await Promise.all(options.heads.map(openCursor));
  let seq = from ? from.seq - 1 : 0;
  let hash = from ? undefined : NO_HASH;
  let signedSeq = 0;
  let lastLine: LinePlace | undefined;

  const refuse = (kind: AuditFaultKind, place: { readonly segment: number; readonly line: number }, message: string) =>
    new AuditFaultError({ kind, chain, file: segmentFile(place.segment), line: place.line, message });

  async function check(placed: PlacedLine): Promise<CheckedLine> {
    const parsed = parseLine(placed.bytes);
    if (parsed === undefined) throw refuse('altered', placed, 'It is no audit record.');
    if (parsed.seq !== seq + 1 || (hash !== undefined && parsed.prev !== hash)) {
      const isPreviousSigned = signedSeq === seq;
      const signedHash = heads.map((cursor) => cursor.head).find((head) => head?.seq === parsed.seq)?.hash;
      const found = { placed, parsed, previous: lastLine, isPreviousSigned, signedHash };
      throw new AuditFaultError(await nameBreak({ chainFolder, chain, segments }, found, { seq: seq + 1, prev: hash }));
    }
    if (parsed.seq === 1 && (parsed.content.chain !== chain || parsed.content.publicKey !== key.fingerprint)) {
      throw refuse('altered', placed, 'It does not begin this chain, or names another public key.');
    }
    seq = parsed.seq;
    hash = hashLine(placed.bytes);
    lastLine = placed;
    for (const cursor of heads) {
      while (cursor.head?.seq === seq) {
        if (cursor.head.hash !== hash) throw refuse('altered', placed, rewritten(signedSeq + 1, seq));
        await cursor.advance();
        signedSeq = seq;
      }
    }
    return { seq, content: parsed.content };
  }

  const end = { segment: segments.at(-1) ?? 0, endBytes: 0, tornBytes: 0 };
  let torn: LinePlace | undefined;
  for (const [i, segment] of segments.entries()) {
    const expected = (from?.segment ?? 1) + i;
    if (segment !== expected) throw refuse('missing', { segment: expected, line: 1 }, 'The file is gone.');
    const isLast = i === segments.length - 1;
    const fromBytes = from && i === 0 ? from.offsetBytes : 0;
    end.endBytes = fromBytes;
    let line = 0;
    const reading = readLines(segmentPath(chainFolder, segment), { fromBytes });
    let next = await reading.next();
    for (; !next.done; next = await reading.next()) {
      const checked: CheckedLine[] = [];
      for (const raw of next.value) {
        line += 1;
        const placed = { ...raw, segment, line };
        if (torn === undefined && isLast && isTorn(raw)) torn = placed;
        if (torn === undefined) {
          checked.push(await check(placed));
          end.endBytes = raw.offsetBytes + raw.bytes.length + 1;
        }
      }
      yield checked;
    }
    const { unfinished, offsetBytes } = next.value;
    if (unfinished.length > 0 && !isLast) throw refuse('truncated', { segment, line: line + 1 }, 'It is cut short.');
    if (unfinished.length > 0) torn ??= { segment, line: line + 1, offsetBytes };
    if (torn) end.tornBytes = offsetBytes + unfinished.length - torn.offsetBytes;
  }

  const place = torn ?? { segment: end.segment || 1, line: (lastLine?.line ?? 0) + 1 };
  // One write at most is ever under way
  if (torn && end.tornBytes > BATCH_BYTES + MAX_LINE_BYTES) throw refuse('altered', torn, 'It is no audit record.');
  for (const { head } of heads) {
    if (head)
      throw refuse(
        torn ? 'altered' : 'truncated',
        place,
        `Records ${seq + 1} to ${head.seq} were signed and are gone.`,
      );
  }
  if (seq - signedSeq > (signedSeq === 0 ? LINES_BEFORE_FIRST_HEAD : HEAD_EVERY_LINES + MAX_BATCH_LINES)) {
    const message = `Heads are gone: the records after ${signedSeq} must have some.`;
    throw new AuditFaultError({ kind: 'missing', chain, file: HEADS_FILE, line: 1, message });
  }
  return { ...end, seq, hash: hash ?? NO_HASH, lastLine, signedSeq };
}

/** Zeros stand where a page of the last write didn't reach the disk. */
function isTorn({ bytes }: RawLine): boolean {
  return bytes.includes(0);
}

function rewritten(firstSeq: number, lastSeq: number): string {
  if (firstSeq === lastSeq) return 'It is not the record that was signed.';
  return `It, or one of the records ${firstSeq} to ${lastSeq - 1} before it, was rewritten with all that follow.`;
}

interface HeadCursor {
  head: ChainHead | undefined;
  advance(): Promise<void>;
}

async function openCursor(heads: AsyncIterable<ChainHead> | Iterable<ChainHead>): Promise<HeadCursor> {
  const iterator = Symbol.asyncIterator in heads ? heads[Symbol.asyncIterator]() : heads[Symbol.iterator]();
  const cursor: HeadCursor = {
    head: undefined,
    async advance() {
      const { done, value } = await iterator.next();
      cursor.head = done ? undefined : value;
    },
  };
  await cursor.advance();
  return cursor;
}
