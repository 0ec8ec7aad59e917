import { createReadStream } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { CsvError, parse } from 'csv-parse';
import { UsageError } from '../usage-error.ts';
import type { PhotoPlan } from './photo-plan.ts';
import { createPlanBuilder } from './plan-folder.ts';

/**
 * A spreadsheet with a header row and the columns `person` and `file`; others are left alone. Commas, semicolons or
 * tabs, with or without a byte order mark. Files are relative to `baseDir`. A row twice is one photo.
 */
export async function planByCsv(csvPath: string, baseDir: string): Promise<PhotoPlan> {
  const rows = createReadStream(csvPath).pipe(
    parse({
      bom: true,
      columns: (header: readonly string[]) => checkHeader(header, csvPath),
      delimiter: [',', ';', '\t'],
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
      relax_column_count: true,
    }),
  );
  const builder = createPlanBuilder();
  const seen = new Set<string>();
  try {
    for await (const row of rows as AsyncIterable<Readonly<Record<string, string | undefined>>>) {
      const { person = '', file = '' } = row;
      if (file === '') continue;
      const path = isAbsolute(file) ? file : resolve(baseDir, file);
      const key = JSON.stringify([person, path]);
      if (seen.has(key)) continue;
      seen.add(key);
      builder.add({ path, relativePath: file }, person);
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`${csvPath} can't be read as CSV: ${error.message}`);
    throw error;
  }
  return builder.plan();
}

function checkHeader(header: readonly string[], csvPath: string): string[] {
  const columns = header.map((name) => name.trim().toLowerCase());
  const missing = ['person', 'file'].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new UsageError(
      `${csvPath} needs a header row with the columns person and file; missing: ${missing.join(', ')}.`,
    );
  }
  return columns;
}
