// The audit log behind a service. What the service says of its log is its own word; what is signed is checked here.
import type { Static } from 'typebox';
import { headLine, isSignedBy, type SignedHead } from '../../audit/chain-head.ts';
import { csvRow, writeSlowly } from '../../audit/export-audit.ts';
import { keyOfPem, type VerifyingKey } from '../../audit/signing-key.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import * as wire from '../../dialects/kith/audit-wire.ts';
import { publicKeyOf } from '../erasure/remote-erasures.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { Terminal } from '../terminal.ts';
import { count } from '../words.ts';

export interface KeptTrust {
  /** Kept here; else the service is asked for its own. */
  readonly key?: VerifyingKey;
  readonly keptHeads: readonly SignedHead[];
}

export async function verifyRemoteLog(
  terminal: Terminal,
  service: ServiceClient,
  { key: keptKey, keptHeads }: KeptTrust,
): Promise<ExitCode> {
  const key = keptKey ?? keyOfPem(await publicKeyOf(service));
  const checked = await service.call({
    method: 'POST',
    path: pathTo('audit', 'check'),
    answers: wire.AuditStatus,
    isRepeatable: true,
  });
  const heads = await fetchHeads(service);
  const faults = [
    ...checked.faults,
    ...unsigned('the', heads, key),
    ...unsigned('the kept', keptHeads, key),
    ...lost(heads, keptHeads),
  ];
  const isIntact = checked.state === 'intact' && faults.length === 0;
  const { checkedAt, coversUntil } = checked;
  terminal.record({ type: 'audit-check', isIntact, checkedAt, coversUntil, faults, heads: heads.length });
  for (const fault of faults) terminal.say(terminal.paint('red', printable(fault)));
  if (!isIntact) {
    terminal.fail('kith: the audit log is not what was written.');
    return EXIT.someRefused;
  }
  terminal.say(
    `${terminal.paint('green', 'The service')} read its log: intact${coversUntil ? `, until ${printable(coversUntil)}` : ''}`,
  );
  const by = keptKey ? 'your key' : "the service's own key; one that you keep, with --public-key, tells more";
  terminal.say(`Checked here: ${count(heads.length, 'head')}, signed by ${by}`);
  if (keptHeads.length > 0) terminal.say(`and going on from the ${count(keptHeads.length, 'head')} that you kept`);
  return EXIT.done;
}

function unsigned(which: string, heads: readonly SignedHead[], key: VerifyingKey): string[] {
  return heads
    .filter((head) => !isSignedBy(head, key))
    .map(({ chain, seq }) => `${chain}: ${which} head over record ${seq} is not signed by the key.`);
}

/** What was kept must be below what is there, or the same. */
function lost(heads: readonly SignedHead[], keptHeads: readonly SignedHead[]): string[] {
  return keptHeads.flatMap((kept) => {
    const head = heads.find(({ chain }) => chain === kept.chain);
    if (!head) return [`${kept.chain}: the whole chain is gone, and a head of it was kept.`];
    if (head.seq < kept.seq) {
      return [`${kept.chain}: it ends at record ${head.seq}, and a head over record ${kept.seq} was kept.`];
    }
    if (head.seq === kept.seq && head.hash !== kept.hash) {
      return [`${kept.chain}: record ${kept.seq} is another than the one whose head was kept.`];
    }
    return [];
  });
}

export async function printRemoteHeads(terminal: Terminal, service: ServiceClient): Promise<ExitCode> {
  for (const head of await fetchHeads(service)) {
    terminal.record({ type: 'audit-head', ...head });
    terminal.answer(headLine(head).toString('utf8').trimEnd());
  }
  return EXIT.done;
}

async function fetchHeads(service: ServiceClient): Promise<readonly SignedHead[]> {
  const path = pathTo('audit', 'heads');
  const { heads } = await service.call({ method: 'GET', path, answers: wire.AuditHeads, isRepeatable: true });
  return heads;
}

type Deed = Static<typeof wire.AuditedDeed>;

export interface RemoteExport {
  readonly format: 'jsonl' | 'csv';
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly personId: string | undefined;
}

/** Newest first, a page at a time: answers how many. */
export async function exportRemoteLog(
  service: ServiceClient,
  output: NodeJS.WritableStream,
  { format, fromMs, untilMs, personId }: RemoteExport,
): Promise<number> {
  if (format === 'csv') await writeSlowly(output, csvRow(COLUMNS.map(({ name }) => name)));
  let records = 0;
  let before: string | undefined;
  do {
    const page = await service.call({
      method: 'GET',
      path: pathTo('audit'),
      query: { limit: MAX_PAGE, before, personId, from: timeText(fromMs), until: timeText(untilMs) },
      answers: wire.AuditedDeeds,
      isRepeatable: true,
    });
    for (const deed of page.records) {
      const line = format === 'csv' ? csvRow(COLUMNS.map(({ cell }) => cell(deed))) : `${JSON.stringify(deed)}\n`;
      await writeSlowly(output, line);
    }
    records += page.records.length;
    before = page.next;
  } while (before !== undefined);
  return records;
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

const COLUMNS: readonly { readonly name: string; readonly cell: (deed: Deed) => string }[] = [
  ...(['at', 'chain', 'seq', 'keyId', 'action', 'outcome', 'problem'] as const).map(column),
  { name: 'galleryKind', cell: ({ gallery }) => gallery?.kind ?? '' },
  { name: 'galleryId', cell: ({ gallery }) => gallery?.galleryId ?? '' },
  ...(['personIds', 'faceIds', 'model', 'threshold', 'named', 'counts', 'subjectKeyId'] as const).map(column),
];

function column(name: keyof Deed): (typeof COLUMNS)[number] {
  return { name, cell: (deed) => cellOf(deed[name]) };
}

function cellOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(' ');
  return JSON.stringify(value);
}
