// Which line is wrong where a chain breaks, and in what way: asked once, at the first break.
import type { AuditFault, AuditFaultKind } from './audit-fault.ts';
import { hashLine, type ParsedLine, parseLine } from './audit-line.ts';
import { segmentFile, segmentPath } from './chain-folder.ts';
import { type LinePlace, type PlacedLine, readLines } from './read-lines.ts';

interface Chain {
  readonly chainFolder: string;
  readonly chain: string;
  readonly segments: readonly number[];
}

interface Found {
  readonly placed: PlacedLine;
  readonly parsed: ParsedLine;
  readonly previous: LinePlace | undefined;
  /** True when a head vouches for the line before. */
  readonly isPreviousSigned: boolean;
  /** What a head says that this line's hash is. */
  readonly signedHash: string | undefined;
}

/** `found` is a line whose number or link is not the expected one. */
export async function nameBreak(
  chain: Chain,
  found: Found,
  expected: { readonly seq: number; readonly prev: string | undefined },
): Promise<AuditFault> {
  const { placed, parsed } = found;
  const fault = (kind: AuditFaultKind, place: LinePlace, message: string): AuditFault => ({
    kind,
    chain: chain.chain,
    file: segmentFile(place.segment),
    line: place.line,
    message,
  });

  if (parsed.seq === expected.seq) {
    const { previous } = found;
    if (previous && !found.isPreviousSigned && (await isVouchedFor(chain, found))) {
      return fault('altered', previous, `Record ${expected.seq} holds the hash of what stood there before.`);
    }
    return fault('altered', placed, 'It does not follow the record before it.');
  }
  if (parsed.prev === expected.prev) {
    return fault('altered', placed, `Its number is ${parsed.seq} where ${expected.seq} belongs.`);
  }
  if (parsed.seq < expected.seq) {
    const isCopy = await holds(chain, undefined, (line) => line.hash === hashLine(placed.bytes) && !isAt(line, placed));
    const message = `Record ${parsed.seq} stands where ${expected.seq} belongs.`;
    return fault(isCopy ? 'replayed' : 'altered', placed, message);
  }
  const comesLater = await holds(
    chain,
    placed,
    ({ parsed: later }) => later?.seq === expected.seq && later.prev === expected.prev,
  );
  if (comesLater) return fault('reordered', placed, `Record ${parsed.seq} stands where ${expected.seq} belongs.`);
  const gone =
    parsed.seq - 1 === expected.seq ? `Record ${expected.seq} is` : `Records ${expected.seq} to ${parsed.seq - 1} are`;
  return fault('missing', placed, `${gone} gone; it is record ${parsed.seq}.`);
}

/** True when what follows, or a head, or nothing at all, speaks for this line: then the one before it was changed. */
async function isVouchedFor(chain: Chain, { placed, signedHash }: Found): Promise<boolean> {
  const hash = hashLine(placed.bytes);
  if (signedHash !== undefined) return signedHash === hash;
  for await (const line of linesOf(chain, placed)) {
    if (!isAt(line, placed)) return line.parsed?.prev === hash;
  }
  return true;
}

async function holds(
  chain: Chain,
  from: PlacedLine | undefined,
  isWanted: (line: ScannedLine) => boolean,
): Promise<boolean> {
  for await (const line of linesOf(chain, from)) if (isWanted(line)) return true;
  return false;
}

interface ScannedLine {
  readonly segment: number;
  readonly offsetBytes: number;
  readonly hash: string;
  readonly parsed: ParsedLine | undefined;
}

async function* linesOf({ chainFolder, segments }: Chain, from: PlacedLine | undefined): AsyncGenerator<ScannedLine> {
  for (const segment of segments) {
    if (from && segment < from.segment) continue;
    const fromBytes = from?.segment === segment ? from.offsetBytes : 0;
    for await (const { lines } of readLines(segmentPath(chainFolder, segment), { fromBytes })) {
      for (const { bytes, offsetBytes } of lines) {
        yield { segment, offsetBytes, hash: hashLine(bytes), parsed: parseLine(bytes) };
      }
    }
  }
}

function isAt(line: { readonly segment: number; readonly offsetBytes: number }, place: LinePlace): boolean {
  return line.segment === place.segment && line.offsetBytes === place.offsetBytes;
}
