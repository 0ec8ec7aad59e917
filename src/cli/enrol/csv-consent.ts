// The columns of a spreadsheet that say what people consented to.
import { isAbsolute, resolve } from 'node:path';
import type { ImportedConsent } from '../../core/consent-to-import.ts';
import { hashFile } from '../hash-file.ts';
import { describeFileError } from '../image-file.ts';
import { instant } from '../option-values.ts';

export type CsvRow = Readonly<Record<string, string | undefined>>;

/** In the spelling that `columnName` makes. */
const CONSENT_COLUMNS = [
  'consent_by',
  'consent_method',
  'consent_text',
  'consent_text_hash',
  'consent_given',
  'consent_until',
] as const;

/** "Consent text-hash" → consent_text_hash. */
export function columnName(head: string): string {
  return head
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}

/** Columns that look like consent and aren't: what people consented to must not be dropped over a spelling. */
export function unknownConsentColumns(columns: readonly string[]): readonly string[] {
  const known: readonly string[] = CONSENT_COLUMNS;
  return columns.filter((column) => column.startsWith('consent') && !known.includes(column));
}

export const CONSENT_COLUMNS_IN_WORDS = CONSENT_COLUMNS.join(', ');

export type ReadConsent = { readonly consent: ImportedConsent } | { readonly fault: string };

export interface ConsentReader {
  /** Undefined for a row that says nothing of consent. */
  read(row: CsvRow, personName: string): Promise<ReadConsent | undefined>;
}

/** Texts are hashed once each, however many consented to them; their paths are relative to `baseDir`. */
export function createConsentReader(baseDir: string): ConsentReader {
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (text: string): Promise<string> => {
    const path = isAbsolute(text) ? text : resolve(baseDir, text);
    const known = hashes.get(path) ?? hashFile(path);
    hashes.set(path, known);
    return known;
  };
  return {
    async read(row, personName) {
      if (CONSENT_COLUMNS.every((column) => !row[column])) return undefined;
      const { consent_by: by, consent_method: method, consent_text: text, consent_text_hash: textHash } = row;
      if (!method) return { fault: 'Consent needs consent_method: how it was given, "signed on paper".' };
      if (!text === !textHash) {
        return {
          fault: 'Consent needs either consent_text, the file with what was consented to, or consent_text_hash.',
        };
      }
      try {
        const givenMs = timeIn(row, 'consent_given');
        const untilMs = timeIn(row, 'consent_until');
        return {
          consent: {
            givenBy: (by || personName).normalize('NFC'),
            method,
            textHash: text ? await hashOf(text) : (textHash ?? '').toLowerCase(),
            ...(givenMs === undefined ? {} : { givenMs }),
            ...(untilMs === undefined ? {} : { untilMs }),
          },
        };
      } catch (error) {
        if (error instanceof TimeFault) return { fault: error.message };
        return { fault: `consent_text ${text}: ${describeFileError(error)}` };
      }
    },
  };
}

class TimeFault extends Error {}

function timeIn(row: CsvRow, column: (typeof CONSENT_COLUMNS)[number]): number | undefined {
  const text = row[column];
  if (!text) return undefined;
  try {
    return instant(text);
  } catch (error) {
    throw new TimeFault(`${column} is "${text}". ${(error as Error).message}`);
  }
}
