import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { migrate } from './migrations.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-database-'));
  path = join(folder, 'new', 'kith.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pragma = (db: Database, name: string) => db.pragma(name, { simple: true });
const tablesOf = (db: Database) =>
  db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();

describe('a new database', () => {
  test('is durable, overwrites what it deletes, and keeps its references', () => {
    const db = openDatabase(path);
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete'].map((name) => pragma(db, name))).toEqual([
      'wal',
      2,
      1,
      1,
    ]);
    db.close();
  });

  test.skipIf(process.platform === 'win32')(
    'is readable by its owner only, and so are its folder and its log',
    async () => {
      const store = await openSqliteStore({ path });
      const modes = ['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777);
      expect(modes).toEqual([0o600, 0o600, 0o600]);
      expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
      await store.close();
    },
  );

  test('leaves one file when closed', async () => {
    const store = await openSqliteStore({ path });
    await store.close();
    expect(statSync(path).size).toBeGreaterThan(0);
    expect(() => statSync(`${path}-wal`)).toThrow();
  });
});

describe('a database is refused with what to do', () => {
  const refusals: readonly (readonly [string, RegExp, () => void])[] = [
    [
      'of a newer Kith',
      /knows schemas up to \d+ only\. Start the newer Kith.*or restore a backup/,
      () => {
        const db = openDatabase(path);
        db.exec('INSERT INTO schema_versions VALUES (9999, 0)');
        db.close();
      },
    ],
    [
      'of another program',
      /belongs to another program\. Point KITH_DATA_DIR/,
      () => {
        openDatabase(path).close();
        rmSync(path);
        const db = new SqliteDatabase(path);
        db.exec('CREATE TABLE songs (title TEXT)');
        db.close();
      },
    ],
    [
      'that is no database',
      /is damaged and was left untouched\. Restore a backup/,
      () => {
        openDatabase(path).close();
        writeFileSync(path, 'not a database at all, but long enough to look like one'.repeat(100));
      },
    ],
  ];

  test.each(refusals)('%s', async (_what, message, make) => {
    make();
    const before = statSync(path).size;
    expect(() => openDatabase(path)).toThrow(message);
    await expect(openSqliteStore({ path })).rejects.toThrow(message);
    expect(statSync(path).size).toBe(before);
  });
});

describe('migrations', () => {
  const first = { version: 1, sql: 'CREATE TABLE one (a)' };
  const second = { version: 2, sql: 'CREATE TABLE two (a); INSERT INTO two VALUES (1)' };

  test('are applied once each, in order, from wherever the database is', () => {
    const db = new SqliteDatabase(':memory:');
    migrate(db, [first]);
    migrate(db, [first, second]);
    migrate(db, [first, second]);
    expect(tablesOf(db)).toEqual(['one', 'schema_versions', 'two']);
    expect(db.prepare('SELECT version FROM schema_versions ORDER BY version').pluck().all()).toEqual([1, 2]);
    expect(() => migrate(db, [first])).toThrow(/at schema 2, and this Kith knows schemas up to 1 only/);
    db.close();
  });

  test('that fail leave nothing behind', () => {
    const db = new SqliteDatabase(':memory:');
    migrate(db, [first]);
    expect(() => migrate(db, [first, { ...second, sql: `${second.sql}; nonsense` }])).toThrow(/nonsense/);
    expect(tablesOf(db)).toEqual(['one', 'schema_versions']);
    migrate(db, [first, second]);
    expect(tablesOf(db)).toContain('two');
    db.close();
  });
});
