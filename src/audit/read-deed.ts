import type { AuditRecord, AuditRef } from '../core/audit-types.ts';
import type { RecordedDeed } from '../core/ports.ts';
import { parseLine } from './audit-line.ts';
import { listSegments, segmentPath } from './chain-folder.ts';
import type { SignedHead } from './chain-head.ts';
import { findHead } from './find-head.ts';
import { readChain } from './read-chain.ts';
import { readHeads, sizeOfHeads } from './read-heads.ts';
import { readLines } from './read-lines.ts';
import type { VerifyingKey } from './signing-key.ts';

interface ReadChain {
  readonly chainFolder: string;
  readonly chain: string;
  readonly key: VerifyingKey;
}

/** A process writes these first and last: what it began before is not ended after. */
const BOUNDS_OF_USE: readonly unknown[] = ['use-start', 'use-end'];

/**
 * The deed that begins at a line, read from the signed head before it to the one that covers its end: as sure as a check
 * of the whole chain, but for what lies elsewhere in it. `unsigned` while no head covers it; undefined for a line that
 * isn't there, or isn't wanted by how it looks. AuditFaultError when it isn't what was written.
 */
export async function readDeed(
  target: ReadChain,
  seq: number,
  isWanted: (begun: AuditRecord) => boolean,
): Promise<RecordedDeed | 'unsigned' | undefined> {
  const { chainFolder, chain } = target;
  // The heads end here before the lines are read: whatever they cover is on the disk by then
  const untilBytes = await sizeOfHeads(chainFolder);
  const fromBytes = await findHead(chainFolder, seq, untilBytes);
  const heads = () => readHeads(chainFolder, { ...target, fromBytes: fromBytes ?? 0, untilBytes });
  const from = fromBytes === undefined ? undefined : await firstOf(heads());
  const looked = await lookAt(target, seq, from);
  if (looked && !isWanted(looked)) return undefined;

  let signedSeq = 0;
  const told = noting(heads(), (head) => {
    signedSeq = head.seq;
  });
  const deed: { begun?: AuditRecord; end?: AuditRecord } = {};
  let completeSeq: number | undefined;
  for await (const { lines } of readChain({ ...target, heads: [told], ...(from ? { from } : {}) })) {
    for (const line of lines) {
      if (completeSeq !== undefined || line.seq < seq) continue;
      const record = { ...line.content, chain } as unknown as AuditRecord;
      if (line.seq === seq) {
        deed.begun = record;
        if (record.outcome !== 'begun') completeSeq = seq;
      } else if (follows(record, { chain, seq })) {
        deed.end = record;
        completeSeq = line.seq;
      } else if (BOUNDS_OF_USE.includes(line.content.action)) completeSeq = line.seq;
    }
    if (completeSeq !== undefined && signedSeq >= completeSeq) return isDeed(deed) ? deed : undefined;
  }
  if (!isDeed(deed)) return undefined;
  // Under way still, or its end could not be written
  return completeSeq === undefined && signedSeq >= seq ? deed : 'unsigned';
}

/** Unchecked: what the log says of others isn't told, not even that it was changed. */
async function lookAt(
  { chainFolder, chain }: ReadChain,
  seq: number,
  from: SignedHead | undefined,
): Promise<AuditRecord | undefined> {
  for (const segment of await listSegments(chainFolder)) {
    if (from && segment < from.segment) continue;
    const fromBytes = segment === from?.segment ? from.offsetBytes : 0;
    for await (const { lines } of readLines(segmentPath(chainFolder, segment), { fromBytes })) {
      for (const { bytes } of lines) {
        const line = parseLine(bytes);
        if (line?.seq === seq) return { ...line.content, chain } as unknown as AuditRecord;
        if (line && line.seq > seq) return undefined;
      }
    }
  }
  return undefined;
}

function follows({ follows }: AuditRecord, place: AuditRef): boolean {
  return follows?.seq === place.seq && follows.chain === place.chain;
}

function isDeed(deed: { readonly begun?: AuditRecord; readonly end?: AuditRecord }): deed is RecordedDeed {
  return deed.begun !== undefined;
}

async function firstOf(heads: AsyncGenerator<SignedHead, void, undefined>): Promise<SignedHead | undefined> {
  try {
    const { value } = await heads.next();
    return value ?? undefined;
  } finally {
    await heads.return();
  }
}

/** Tells of each head once the line it is over was held against it: the next one is asked for then. */
async function* noting(
  heads: AsyncGenerator<SignedHead, void, undefined>,
  onPassed: (head: SignedHead) => void,
): AsyncGenerator<SignedHead, void, undefined> {
  for await (const head of heads) {
    yield head;
    onPassed(head);
  }
}
