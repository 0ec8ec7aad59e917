import { once } from 'node:events';
import { stringify } from 'csv-stringify/sync';
import { type AuditReader, type AuditReaderOptions, openAuditReader } from './audit-reader.ts';
import type { CheckedLine } from './check-chain.ts';

export interface ExportAuditOptions extends AuditReaderOptions {
  readonly output: NodeJS.WritableStream;
  readonly format: 'jsonl' | 'csv';
  /** Only this tenant's records; what Kith records of itself belongs to none. */
  readonly tenantId?: string | undefined;
  /** Only records that name this person. */
  readonly personId?: string | undefined;
  /** From (inclusive) and until (exclusive), by the clock of whoever wrote the record. */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** A record and the chain it stands in. */
interface ExportedRecord {
  readonly chain: string;
  readonly content: CheckedLine['content'];
  readonly timeMs: number;
}

/**
 * Writes the records of all chains, merged by time, as JSON lines or as CSV (RFC 4180) in which no cell is a formula.
 * Answers how many. Every line is checked on the way: AuditFaultError, after what was right before it, names the
 * first that was changed.
 */
export async function exportAudit(options: ExportAuditOptions): Promise<number> {
  const { output, format } = options;
  const reader = await openAuditReader(options);
  if (format === 'csv') await writeSlowly(output, csvRow(COLUMNS.map(({ name }) => name)));
  let count = 0;
  for await (const record of mergedByTime(reader)) {
    if (!isWanted(record, options)) continue;
    count += 1;
    await writeSlowly(output, format === 'csv' ? csvRow(COLUMNS.map(({ cell }) => cell(record))) : jsonLine(record));
  }
  return count;
}

async function* mergedByTime(reader: AuditReader): AsyncGenerator<ExportedRecord, void, undefined> {
  const streams = reader.chains.map((chain) => recordsOf(reader, chain));
  try {
    const heads = await Promise.all(streams.map(async (stream) => ({ stream, next: await stream.next() })));
    for (;;) {
      let earliest: { record: ExportedRecord; head: (typeof heads)[number] } | undefined;
      for (const head of heads) {
        if (head.next.done) continue;
        const record = head.next.value;
        if (!earliest || record.timeMs < earliest.record.timeMs) earliest = { record, head };
      }
      if (!earliest) return;
      yield earliest.record;
      earliest.head.next = await earliest.head.stream.next();
    }
  } finally {
    // One that stops at a fault leaves the others open
    await Promise.all(streams.map((stream) => stream.return()));
  }
}

async function* recordsOf(reader: AuditReader, chain: string): AsyncGenerator<ExportedRecord, void, undefined> {
  for await (const { lines } of reader.readRecords(chain)) {
    for (const { content } of lines) yield { chain, content, timeMs: Date.parse(String(content.time)) };
  }
}

function isWanted({ content, timeMs }: ExportedRecord, options: ExportAuditOptions): boolean {
  const { tenantId, personId, fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = options;
  if (timeMs < fromMs || timeMs >= untilMs) return false;
  if (tenantId !== undefined && content.tenantId !== tenantId) return false;
  return personId === undefined || [...personIds(content), ...candidateIds(content)].includes(personId);
}

function jsonLine({ chain, content }: ExportedRecord): string {
  return `${JSON.stringify({ chain, ...content })}\n`;
}

const COLUMNS: readonly { readonly name: string; readonly cell: (record: ExportedRecord) => string }[] = [
  { name: 'time', cell: ({ content }) => cellOf(content.time) },
  { name: 'chain', cell: ({ chain }) => chain },
  ...['seq', 'tenantId', 'keyId', 'action', 'outcome', 'problem'].map(plainColumn),
  { name: 'galleryKind', cell: ({ content }) => cellOf(memberOf(content.gallery, 'kind')) },
  { name: 'galleryId', cell: ({ content }) => cellOf(memberOf(content.gallery, 'galleryId')) },
  { name: 'personIds', cell: ({ content }) => personIds(content).join(' ') },
  ...['enrolmentIds', 'probeIds'].map(plainColumn),
  { name: 'candidatePersonIds', cell: ({ content }) => candidateIds(content).join(' ') },
  ...['recognitionModel', 'packId', 'thresholdScore', 'score', 'counts'].map(plainColumn),
  ...['searches', 'follows', 'subjectKeyId', 'settings', 'part', 'prev', 'receipt', 'erasure'].map(plainColumn),
];

function plainColumn(name: string): (typeof COLUMNS)[number] {
  return { name, cell: ({ content }) => cellOf(content[name]) };
}

function cellOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(' ');
  return JSON.stringify(value);
}

/** `escape_formulas` puts a quote before what a spreadsheet would take for a formula. */
export function csvRow(cells: readonly string[]): string {
  return stringify([[...cells]], { escape_formulas: true, record_delimiter: '\r\n' });
}

function personIds(content: ExportedRecord['content']): readonly string[] {
  return strings(content.personIds);
}

function candidateIds(content: ExportedRecord['content']): readonly string[] {
  if (!Array.isArray(content.searches)) return [];
  return content.searches.flatMap((search: unknown) => {
    const candidates = memberOf(search, 'candidates');
    return Array.isArray(candidates) ? strings(candidates.map((candidate) => memberOf(candidate, 'personId'))) : [];
  });
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** Waits for a slow reader instead of filling memory. */
export async function writeSlowly(output: NodeJS.WritableStream, text: string): Promise<void> {
  if (!output.write(text)) await once(output, 'drain');
}
