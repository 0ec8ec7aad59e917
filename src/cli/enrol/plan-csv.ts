import { createReadStream } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { CsvError, parse } from 'csv-parse';
import type { ImportedConsent } from '../../core/consent-to-import.ts';
import { UsageError } from '../usage-error.ts';
import {
  CONSENT_COLUMNS_IN_WORDS,
  type CsvRow,
  columnName,
  createConsentReader,
  unknownConsentColumns,
} from './csv-consent.ts';
import type { PhotoPlan, PlanRefusal } from './photo-plan.ts';
import { createPlanBuilder } from './plan-folder.ts';

/** Of a row; a quotation mark that is never closed must not read a whole disk into one cell. */
const MAX_ROW_CHARACTERS = 65_536;

/**
 * A spreadsheet with a header row and the columns `person` and `file`, and those of consent; others are left alone.
 * Commas, semicolons or tabs, with or without a byte order mark. Files are relative to `baseDir`. A row twice is one
 * photo; what a person consented to need stand in one of their rows only.
 */
export async function planByCsv(csvPath: string, baseDir: string): Promise<PhotoPlan> {
  const builder = createPlanBuilder();
  const seen = new Set<string>();
  const consents = collectConsents(baseDir);
  for await (const row of readRows(csvPath)) {
    const { person: given = '', file = '' } = row;
    const person = given.normalize('NFC');
    const fault = await consents.add(person, row, file || basename(csvPath));
    if (file === '') continue;
    const path = isAbsolute(file) ? file : resolve(baseDir, file);
    const key = JSON.stringify([person, path]);
    if (seen.has(key)) continue;
    seen.add(key);
    if (!fault) builder.add({ path, relativePath: file }, person);
  }
  const plan = builder.plan();
  const isRefused = (personName: string) => consents.isFaulty(personName);
  const photos = plan.photos.map((photo) => {
    const consent = consents.of(photo.personName);
    return consent ? { ...photo, consent } : photo;
  });
  return {
    ...plan,
    photos: photos.filter(({ personName }) => !isRefused(personName)),
    refused: [
      ...consents.refused,
      ...photos
        .filter(({ personName }) => isRefused(personName))
        .map(({ personName, file }) => unclear(personName, file)),
      ...plan.refused,
    ],
  };
}

async function* readRows(csvPath: string): AsyncGenerator<CsvRow> {
  const rows = createReadStream(csvPath).pipe(
    parse({
      bom: true,
      columns: (header: readonly string[]) => checkHeader(header, csvPath),
      delimiter: [',', ';', '\t'],
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
      relax_column_count: true,
      max_record_size: MAX_ROW_CHARACTERS,
    }),
  );
  try {
    yield* rows as AsyncIterable<CsvRow>;
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`${csvPath} can't be read as CSV: ${error.message}`);
    throw error;
  }
}

function checkHeader(header: readonly string[], csvPath: string): string[] {
  const columns = header.map(columnName);
  const missing = ['person', 'file'].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      `${csvPath} needs a header row with the columns person and file; missing: ${missing.join(', ')}.`,
    );
  }
  const unknown = unknownConsentColumns(columns);
  if (unknown.length > 0) {
    throw new UsageError(
      `${csvPath} has columns for consent that Kith doesn't know: ${unknown.join(', ')}. It knows ${CONSENT_COLUMNS_IN_WORDS}.`,
    );
  }
  return columns;
}

interface Consents {
  /** True when the row's consent can't be used. */
  add(personName: string, row: CsvRow, file: string): Promise<boolean>;
  of(personName: string): ImportedConsent | undefined;
  /** Nobody is enrolled on terms that are unclear. */
  isFaulty(personName: string): boolean;
  readonly refused: readonly PlanRefusal[];
}

function collectConsents(baseDir: string): Consents {
  const reader = createConsentReader(baseDir);
  const found = new Map<string, ImportedConsent>();
  const faulty = new Set<string>();
  const refused: PlanRefusal[] = [];
  return {
    async add(personName, row, file) {
      const read = await reader.read(row, personName);
      if (!read) return false;
      const before = found.get(personName);
      const fault = 'fault' in read ? read.fault : differs(before, read.consent);
      if (fault === undefined && 'consent' in read) {
        found.set(personName, read.consent);
        return false;
      }
      faulty.add(personName);
      refused.push({ file, personName, reason: 'consent-unusable', message: fault ?? '' });
      return true;
    },
    of: (personName) => found.get(personName),
    isFaulty: (personName) => faulty.has(personName),
    refused,
  };
}

function differs(before: ImportedConsent | undefined, consent: ImportedConsent): string | undefined {
  if (before === undefined || JSON.stringify(before) === JSON.stringify(consent)) return undefined;
  return 'Another row says something else of this person’s consent.';
}

function unclear(personName: string, file: string): PlanRefusal {
  const message = 'What this person consented to is unclear: see their other rows.';
  return { file, personName, reason: 'consent-unusable', message };
}
