import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { emptyWal, openDatabase, openReader } from '../sqlite/database.ts';
import { requireKnownSchema } from '../sqlite/migrations.ts';
import { MoveRefusedError, type Row, type RowsFrom, type RowsInto } from './moved-tables.ts';

export interface OpenedRows {
  readonly rows: RowsFrom;
  close(): Promise<void>;
}

export interface OpenedTarget {
  readonly rows: RowsInto;
  /** Shows what was moved, whole, at once. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** The database at `path` as of now. */
export async function readSqliteRows(path: string): Promise<OpenedRows> {
  const db = openReader(path);
  try {
    const { version, known } = requireKnownSchema(db);
    if (version !== known) {
      throw new MoveRefusedError(`The database is of an older Kith (schema ${version}, not ${known}): kith upgrade.`);
    }
    db.exec('BEGIN');
    return { rows: rowsFrom(db), close: async () => void db.close() };
  } catch (error) {
    db.close();
    throw error;
  }
}

const movingPath = (path: string) => `${path}.moving`;

/** A database to be at `path`; until it is whole, what there is of it lies beside. */
export async function openSqliteTarget(path: string, { anew }: { readonly anew: boolean }): Promise<OpenedTarget> {
  if (existsSync(path)) throw new MoveRefusedError(`${path} is there already, and nothing is put over it.`);
  const moving = movingPath(path);
  if (anew) for (const end of ['', '-wal', '-shm']) rmSync(`${moving}${end}`, { force: true });
  const db = openDatabase(moving);
  // Rows come table by table; what they refer to is checked at the end
  db.pragma('foreign_keys = OFF');
  return {
    rows: rowsInto(db),
    async finish() {
      const missing = db.pragma('foreign_key_check') as readonly unknown[];
      if (missing.length > 0) {
        throw new MoveRefusedError(`${missing.length} rows refer to others that are not there. Begin anew.`);
      }
      emptyWal(db);
      db.close();
      renameSync(moving, path);
      sync(dirname(path));
    },
    close: async () => void db.close(),
  };
}

function sync(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function rowsFrom(db: Database): RowsFrom {
  return {
    async columnsOf(table) {
      return (db.pragma(`table_info(${table})`) as readonly { readonly name: string }[]).map(({ name }) => name);
    },
    async read({ name, key }, columns, { after, limit }) {
      const behind = after ? `WHERE (${key.join()}) > (${key.map(() => '?').join()})` : '';
      const sql = `SELECT ${columns.join()} FROM ${name} ${behind} ORDER BY ${key.join()} LIMIT ?`;
      return db.prepare<unknown[], Row>(sql).all(...(after ?? []), limit);
    },
    async lastNumberOf({ name, key }) {
      const given = db.prepare<[string], { seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?').get(name);
      const [highest] = db.prepare<[], { no: number | null }>(`SELECT max(${key.join()}) AS no FROM ${name}`).all();
      return Math.max(given?.seq ?? 0, highest?.no ?? 0);
    },
  };
}

function rowsInto(db: Database): RowsInto {
  return {
    ...rowsFrom(db),
    async lastKeyOf({ name, key }) {
      const order = key.map((column) => `${column} DESC`).join();
      const row = db.prepare<[], Row>(`SELECT ${key.join()} FROM ${name} ORDER BY ${order} LIMIT 1`).get();
      return row && key.map((column) => row[column] ?? null);
    },
    async insert({ name }, columns, rows) {
      const insert = db.prepare(`INSERT INTO ${name} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`);
      db.transaction(() => {
        for (const row of rows) insert.run(columns.map((column) => row[column] ?? null));
      }).immediate();
    },
    async link({ name, key, link }, of, value) {
      const isRow = key.map((column) => `${column} = ?`).join(' AND ');
      db.prepare(`UPDATE ${name} SET ${link} = ? WHERE ${isRow}`).run(value, ...of);
    },
    async setLastNumber({ name }, lastNo) {
      const isKept = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ? AND sql LIKE '%AUTOINCREMENT%'").get(name);
      if (!isKept) return;
      db.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(name);
      db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, lastNo);
    },
  };
}
