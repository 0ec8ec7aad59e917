import { type AuditFault, AuditFaultError } from './audit-fault.ts';
import { type AuditReader, type AuditReaderOptions, openAuditReader } from './audit-reader.ts';
import { HEADS_FILE, segmentFile } from './chain-folder.ts';
import { type WitnessedHead, witnessedHeads } from './chain-head.ts';
import type { CheckedLine } from './check-chain.ts';
import {
  type ChainElsewhere,
  type CheckpointTrust,
  chainGone,
  checkpointsUntil,
  sortCheckpoints,
} from './compare-checkpoints.ts';
import type { ChainBunch } from './read-chain.ts';

export interface ChainReport {
  readonly chain: string;
  /** Up to the first fault. */
  readonly records: number;
  /** ISO 8601. */
  readonly firstTime: string | undefined;
  readonly lastTime: string | undefined;
  /** The last record that a signature covers. */
  readonly signedSeq: number;
  /** Left by a write that is under way, or that a crash cut off; never an acknowledged record. */
  readonly tornBytes: number;
  readonly fault: AuditFault | undefined;
}

export interface AuditReport {
  readonly isIntact: boolean;
  readonly chains: readonly ChainReport[];
  /** Of other nodes, by their checkpoints. */
  readonly elsewhere: readonly ChainElsewhere[];
}

export interface VerifyAuditOptions extends AuditReaderOptions {
  readonly onProgress?: (records: number) => void;
  /** What nodes have left of their logs in a database: the folder must still hold its part. */
  readonly checkpoints?: CheckpointTrust | undefined;
}

/** Reads every line of every chain, in constant memory, and names the first fault of each. */
export async function verifyAudit(options: VerifyAuditOptions): Promise<AuditReport> {
  const { checkpoints } = options;
  // Before the folder is looked at, as it may go on meanwhile
  const newest = (await checkpoints?.source.newest()) ?? [];
  const reader = await openAuditReader(options);
  const sorted = sortCheckpoints(newest, { key: reader.key, nodeId: checkpoints?.nodeId });
  const reports = new Map<string, ChainReport>();
  const witnessed: WitnessedHead[] = [...(options.keptHeads ?? [])];
  let records = 0;
  for (const chain of reader.chains) {
    const head = sorted.own.get(chain);
    const further = head && checkpoints ? checkpointsUntil(checkpoints.source, head, reader.key) : [];
    const lines = reader.readRecords(chain, further);
    const report = await verifyChain(lines, chain, (lines) => {
      for (const { content } of lines) witnessed.push(...witnessedHeads(content.others));
      records += lines.length;
      options.onProgress?.(records);
    });
    reports.set(chain, report);
  }
  for (const fault of sorted.faults) reports.set(fault.chain, withFault(reports, fault));
  for (const [chain, head] of sorted.own) {
    if (!reports.has(chain)) reports.set(chain, withFault(reports, chainGone(head)));
  }
  // What one chain saw of another must still be there: so none can vanish, or be begun anew, by itself
  for (const [chain, heads] of byChain(witnessed)) {
    const report = reports.get(chain) ?? emptyReport(chain);
    const fault = report.fault ?? (await lostHead(reader, chain, heads));
    reports.set(chain, { ...report, fault });
  }
  const chains = [...reports.values()];
  return { isIntact: chains.every(({ fault }) => fault === undefined), chains, elsewhere: sorted.elsewhere };
}

/** The first fault of a chain is what it is known by. */
function withFault(reports: ReadonlyMap<string, ChainReport>, fault: AuditFault): ChainReport {
  const report = reports.get(fault.chain) ?? emptyReport(fault.chain);
  return { ...report, fault: report.fault ?? fault };
}

async function verifyChain(
  bunches: AsyncIterable<ChainBunch>,
  chain: string,
  onRecords: (lines: readonly CheckedLine[]) => void,
): Promise<ChainReport> {
  let report = emptyReport(chain);
  try {
    for await (const { lines, end } of bunches) {
      const { signedSeq, tornBytes } = end ?? report;
      report = {
        ...report,
        records: report.records + lines.length,
        firstTime: report.firstTime ?? timeOf(lines[0]),
        lastTime: timeOf(lines.at(-1)) ?? report.lastTime,
        signedSeq,
        tornBytes,
      };
      onRecords(lines);
    }
    return report;
  } catch (error) {
    if (!(error instanceof AuditFaultError)) throw error;
    return { ...report, fault: error.fault };
  }
}

async function lostHead(
  reader: AuditReader,
  chain: string,
  heads: readonly WitnessedHead[],
): Promise<AuditFault | undefined> {
  if (!reader.chains.includes(chain)) {
    const message = 'The whole chain is gone: another one, or whoever kept a head of it, saw it.';
    return { kind: 'missing', chain, file: segmentFile(1), line: 1, message };
  }
  const wanted = new Map(heads.map((head) => [head.seq, head.hash]));
  for await (const { seq, hash } of reader.readHeads(chain)) if (wanted.get(seq) === hash) wanted.delete(seq);
  const [lost] = wanted.keys();
  if (lost === undefined) return undefined;
  const message = `The head over record ${lost} that another chain saw is gone: the chain was put back to an earlier state.`;
  return { kind: 'truncated', chain, file: HEADS_FILE, line: 1, message };
}

function byChain(heads: readonly WitnessedHead[]): Map<string, WitnessedHead[]> {
  const groups = new Map<string, WitnessedHead[]>();
  for (const head of heads) {
    const group = groups.get(head.chain);
    if (group) group.push(head);
    else groups.set(head.chain, [head]);
  }
  return groups;
}

function emptyReport(chain: string): ChainReport {
  return {
    chain,
    records: 0,
    firstTime: undefined,
    lastTime: undefined,
    signedSeq: 0,
    tornBytes: 0,
    fault: undefined,
  };
}

function timeOf(line: CheckedLine | undefined): string | undefined {
  const time = line?.content.time;
  return typeof time === 'string' ? time : undefined;
}
