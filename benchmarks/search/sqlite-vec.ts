import { join } from 'node:path';
import type { BenchEngine, EngineOptions } from './engine.ts';
import { loadPeer } from './peer.ts';

interface Statement {
  run(...parameters: unknown[]): void;
  all(...parameters: unknown[]): unknown[];
}
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export async function openSqliteVec({ dims, folder }: EngineOptions): Promise<BenchEngine> {
  const { default: Sqlite } = (await import('better-sqlite3')) as unknown as {
    default: new (path: string) => Database;
  };
  const { load } = (await loadPeer('sqlite-vec')) as { load: (database: Database) => void };
  const database = new Sqlite(join(folder, 'vec.db'));
  load(database);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`CREATE VIRTUAL TABLE rows USING vec0(template int8[${dims}] distance_metric=cosine)`);
  const insert = database.prepare("INSERT INTO rows (rowid, template) VALUES (?, vec_quantize_int8(?, 'unit'))");
  const MATCH = "template MATCH vec_quantize_int8(?, 'unit') AND k = ?";
  const select = database.prepare(`SELECT rowid FROM rows WHERE ${MATCH} ORDER BY distance`);
  const selectAmong = database.prepare(
    `SELECT rowid FROM rows WHERE ${MATCH} AND rowid IN (SELECT value FROM json_each(?)) ORDER BY distance`,
  );
  const remove = database.prepare('DELETE FROM rows WHERE rowid = ?');
  const bytes = (vector: Float32Array): Buffer => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  const rowsOf = (found: unknown[]): number[] => (found as { rowid: number }[]).map(({ rowid }) => rowid - 1);
  return {
    settings: 'vec0, int8, cosine, brute force',
    add(first, vectors) {
      database.exec('BEGIN');
      for (const [i, vector] of vectors.entries()) insert.run(BigInt(first + i + 1), bytes(vector));
      database.exec('COMMIT');
    },
    search: (vector, wanted) => rowsOf(select.all(bytes(vector), BigInt(wanted))),
    searchAmong: (vector, wanted, allowed) =>
      rowsOf(selectAmong.all(bytes(vector), BigInt(wanted), JSON.stringify(Array.from(allowed, (row) => row + 1)))),
    remove: (row) => remove.run(BigInt(row + 1)),
    close: () => database.close(),
  };
}
