import { type FileHandle, open } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { describeFileError } from '../image-file.ts';
import { requireOlderReport } from '../older-report.ts';
import { UsageError } from '../usage-error.ts';

const COLUMNS = ['file', 'person', 'result', 'reason', 'message', 'advice', 'personId', 'faceId'] as const;
export type ReportRow = { readonly [Column in (typeof COLUMNS)[number]]?: string };

export interface Report {
  add(row: ReportRow): Promise<void>;
  close(): Promise<void>;
}

/** One row a photo, as they come; no cell can be a formula when a spreadsheet opens it. */
export async function openReport(path: string): Promise<Report> {
  let file: FileHandle;
  try {
    await requireOlderReport(path, { command: 'kith enrol', isReport: (head) => head.startsWith(toCsv([...COLUMNS])) });
    file = await open(path, 'w', 0o600);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The report ${path} can't be written. ${describeFileError(error)}`, { cause: error });
  }
  // Photos are through in no order and at once; rows are written one after the other
  let last = file.appendFile(toCsv([...COLUMNS]));
  return {
    add(row) {
      last = last.then(() => file.appendFile(toCsv(COLUMNS.map((column) => row[column] ?? ''))));
      return last;
    },
    async close() {
      await last.finally(() => file.close());
    },
  };
}

export function toCsv(cells: readonly string[]): string {
  return stringify([[...cells]], { escape_formulas: true });
}
