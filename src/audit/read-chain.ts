import { MAX_LINE_BYTES } from './audit-line.ts';
import { listSegments, segmentPath } from './chain-folder.ts';
import { BATCH_BYTES } from './chain-limits.ts';
import { type ChainCheckOptions, type CheckedLine, type CheckedSoFar, startChainCheck } from './check-chain.ts';
import { type LinePlace, type RawLine, readLines } from './read-lines.ts';

/** Where a chain ends, and goes on. */
export interface ChainEnd extends CheckedSoFar {
  /** Of the last segment; 0 when there is none. */
  readonly segment: number;
  /** Where the next line goes. */
  readonly endBytes: number;
  /** What a write that was cut off, or is under way, left behind that. */
  readonly tornBytes: number;
}

export interface ChainBunch {
  readonly lines: readonly CheckedLine[];
  /** With the last bunch, and only with it. */
  readonly end?: ChainEnd;
}

/**
 * The lines of a chain, checked as they come, in constant memory; AuditFaultError at the first that is wrong. Begun at
 * a head, a fault counts the lines from there.
 */
export async function* readChain(options: ChainCheckOptions): AsyncGenerator<ChainBunch, void, undefined> {
  const { chainFolder, from } = options;
  const firstSegment = from?.segment ?? 1;
  const segments = (await listSegments(chainFolder)).filter((segment) => segment >= firstSegment);
  const chain = await startChainCheck(options, segments);
  const end = { segment: segments.at(-1) ?? 0, endBytes: 0, tornBytes: 0 };
  let torn: LinePlace | undefined;
  try {
    for (const [i, segment] of segments.entries()) {
      const expected = firstSegment + i;
      if (segment !== expected) throw chain.fault('missing', { segment: expected, line: 1 }, 'The file is gone.');
      const isLast = i === segments.length - 1;
      const fromBytes = segment === from?.segment ? from.offsetBytes : 0;
      end.endBytes = fromBytes;
      let line = 0;
      for await (const bunch of readLines(segmentPath(chainFolder, segment), { fromBytes })) {
        const lines: CheckedLine[] = [];
        for (const raw of bunch.lines) {
          line += 1;
          const placed = { ...raw, segment, line };
          if (isLast && isTorn(raw)) torn ??= placed;
          if (torn) continue;
          lines.push(await chain.check(placed));
          end.endBytes = raw.offsetBytes + raw.bytes.length + 1;
        }
        yield { lines };
        if (bunch.end === undefined) continue;
        const { unfinished, offsetBytes } = bunch.end;
        if (unfinished.length > 0) torn ??= { segment, line: line + 1, offsetBytes };
        if (torn && !isLast) throw chain.fault('truncated', torn, 'It is cut short.');
        if (torn) end.tornBytes = offsetBytes + unfinished.length - torn.offsetBytes;
      }
    }
    // One write at most is ever under way
    if (torn && end.tornBytes > BATCH_BYTES + MAX_LINE_BYTES) {
      throw chain.fault('altered', torn, 'It is no audit record.');
    }
    yield { lines: [], end: { ...end, ...chain.finish(torn) } };
  } finally {
    await chain.close();
  }
}

/** Zeros stand where a page of the last write didn't reach the disk. */
function isTorn({ bytes }: RawLine): boolean {
  return bytes.includes(0);
}
