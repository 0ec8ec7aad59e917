import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { describeFileError } from '../image-file.ts';
import { UsageError } from '../usage-error.ts';

/** Group of each person, from a spreadsheet with the columns `person` and `group`. Kith never guesses one. */
export async function readGroups(csvPath: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(csvPath, 'utf8').catch((error) => {
    throw new UsageError(`${csvPath}: ${describeFileError(error)}`);
  });
  try {
    const rows = parse(text, {
      bom: true,
      columns: (header: readonly string[]) => header.map((name) => name.trim().toLowerCase()),
      delimiter: [',', ';', '\t'],
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
    }) as readonly Readonly<Record<string, string | undefined>>[];
    const groups = new Map<string, string>();
    for (const { person, group } of rows) {
      if (person === undefined || group === undefined) {
        throw new UsageError(`${csvPath} needs a header row with the columns person and group.`);
      }
      if (person !== '' && group !== '') groups.set(person.normalize('NFC'), group);
    }
    return groups;
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`${csvPath} can't be read as CSV: ${error.message}`);
    throw error;
  }
}
