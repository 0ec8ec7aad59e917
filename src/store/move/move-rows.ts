import {
  COLUMNS_OF_A_NODE,
  type Key,
  MOVED_TABLES,
  type MovedTable,
  MoveRefusedError,
  type Row,
  type RowsFrom,
  type RowsInto,
} from './moved-tables.ts';
import { createRowsChecksum } from './rows-checksum.ts';

/** Small enough that kept photos fit, large enough that the way there and back doesn't count. */
const ROWS_AT_ONCE = 500;

export interface MovedCount {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 over all rows in order, the same on both sides. */
  readonly sha256: string;
}

export interface MoveOptions {
  readonly from: RowsFrom;
  readonly into: RowsInto;
  readonly onProgress: (progress: { readonly table: string; readonly rows: number; readonly isCheck: boolean }) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies every table as it is; nothing is opened. Goes on behind the last row that is there already, so that it may be
 * stopped and run again. Then reads both sides whole and compares.
 */
export async function moveRows(options: MoveOptions): Promise<readonly MovedCount[]> {
  const { from, into, signal } = options;
  for (const table of MOVED_TABLES) await copyTable(table, options);
  for (const table of MOVED_TABLES) if (table.link) await linkRows(table, table.link, options);
  for (const table of MOVED_TABLES)
    if (table.isNumbered) await into.setLastNumber(table, await from.lastNumberOf(table));
  const counts: MovedCount[] = [];
  for (const table of MOVED_TABLES) {
    const there = await countOf(into, table, options);
    const here = await countOf(from, table, { ...options, onProgress: () => undefined });
    if (here.sha256 !== there.sha256) {
      throw new MoveRefusedError(
        `The table ${table.name} is not the same on both sides (${here.rows} rows here, ${there.rows} there): ` +
          'what is moved has changed since the first run. Begin anew.',
      );
    }
    counts.push(here);
    signal.throwIfAborted();
  }
  return counts;
}

async function copyTable(table: MovedTable, { from, into, onProgress, signal }: MoveOptions): Promise<void> {
  const columns = await columnsOfBoth(table, from, into);
  const { link } = table;
  const after = await into.lastKeyOf(table);
  let rows = 0;
  for await (const page of pages(from, table, columns, after)) {
    signal.throwIfAborted();
    await into.insert(table, columns, link === undefined ? page : page.map((row) => ({ ...row, [link]: null })));
    rows += page.length;
    onProgress({ table: table.name, rows, isCheck: false });
  }
}

async function linkRows(table: MovedTable, link: string, { from, into, signal }: MoveOptions): Promise<void> {
  for await (const page of pages(from, table, [...table.key, link])) {
    signal.throwIfAborted();
    for (const row of page) if (row[link] !== null) await into.link(table, keyOf(table, row), row[link] ?? null);
  }
}

async function countOf(
  side: RowsFrom,
  table: MovedTable,
  { from, into, onProgress, signal }: MoveOptions,
): Promise<MovedCount> {
  const columns = await columnsOfBoth(table, from, into);
  const checksum = createRowsChecksum(columns);
  let rows = 0;
  for await (const page of pages(side, table, columns)) {
    signal.throwIfAborted();
    for (const row of page) checksum.add(row);
    rows += page.length;
    onProgress({ table: table.name, rows, isCheck: true });
  }
  return { table: table.name, rows, sha256: checksum.end() };
}

/** In one order; a column that one side lacks means that the two are not of one version of Kith. */
async function columnsOfBoth({ name }: MovedTable, from: RowsFrom, into: RowsFrom): Promise<readonly string[]> {
  const [here, there] = await Promise.all(
    [from, into].map(async (side) => {
      const columns = await side.columnsOf(name);
      return columns.filter((column) => !COLUMNS_OF_A_NODE.has(`${name}.${column}`)).sort();
    }),
  );
  if (!here || here.length === 0 || here.join() !== there?.join()) {
    throw new MoveRefusedError(`The table ${name} has other columns there: both must be of this version of Kith.`);
  }
  return here;
}

async function* pages(
  side: RowsFrom,
  table: MovedTable,
  columns: readonly string[],
  after?: Key,
): AsyncGenerator<readonly Row[]> {
  let last = after;
  for (;;) {
    const page = await side.read(table, columns, { ...(last ? { after: last } : {}), limit: ROWS_AT_ONCE });
    const end = page.at(-1);
    if (!end) return;
    yield page;
    last = keyOf(table, end);
  }
}

function keyOf({ key }: MovedTable, row: Row): Key {
  return key.map((column) => row[column] ?? null);
}
