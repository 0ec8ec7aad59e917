// From the embedded store into PostgreSQL and back: row by row as it was, and never half of it.
import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MoveOptions, moveRows } from '../../src/store/move/move-rows.ts';
import { MOVED_TABLES } from '../../src/store/move/moved-tables.ts';
import { openPostgresTarget, readPostgresRows } from '../../src/store/move/postgres-rows.ts';
import { openSqliteTarget, readSqliteRows } from '../../src/store/move/sqlite-rows.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { contentsOf, fillEveryTable, tablesOf } from '../support/every-table.ts';
import { kith, recordsOf } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';
import { type TestSchema, testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

/** Of each store's own. */
const NOT_MOVED = ['audit_checkpoints', 'commits', 'nodes', 'noted_erasures', 'schema_versions', 'trimmed_changes'];

const folder = mkdtempSync(join(tmpdir(), 'kith-migrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: SHARED_POSTGRES });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe.skipIf(SHARED_POSTGRES === undefined)(
  `moving between the stores (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    let schema: TestSchema;
    let name: string;
    let source: string;
    let made = 0;

    beforeEach(() => {
      schema = testSchema();
      name = new URL(schema.url).searchParams.get('schema') ?? '';
      source = join(folder, `source-${made++}.db`);
      fillEveryTable(source);
    });
    afterEach(async () => {
      await query(`DROP SCHEMA IF EXISTS ${name} CASCADE; DROP SCHEMA IF EXISTS ${name}_moving CASCADE`);
    });

    type Watch = Partial<Pick<MoveOptions, 'onProgress' | 'signal'>> & { readonly anew?: boolean };

    async function moveOut({ anew = false, ...watch }: Watch = {}) {
      const from = await readSqliteRows(source);
      try {
        const into = await openPostgresTarget(schema.url, { anew });
        try {
          const counts = await moveRows({
            ...{ onProgress: () => undefined, signal: new AbortController().signal, ...watch },
            ...{ from: from.rows, into: into.rows },
          });
          await into.finish();
          return counts;
        } finally {
          await into.close();
        }
      } finally {
        await from.close();
      }
    }

    async function moveBack(path: string) {
      const from = await readPostgresRows(schema.url);
      const into = await openSqliteTarget(path, { anew: false });
      try {
        const signal = new AbortController().signal;
        const counts = await moveRows({ from: from.rows, into: into.rows, onProgress: () => undefined, signal });
        await into.finish();
        return counts;
      } finally {
        await into.close();
        await from.close();
      }
    }

    test('every table of both stores is moved, or is known to be of one store only', async () => {
      await moveOut();
      const db = openDatabase(source);
      const embedded = tablesOf(db);
      db.close();
      const there = await query(`SELECT tablename FROM pg_tables WHERE schemaname = '${name}'`);
      const tables = new Set([...embedded, ...there.map(({ tablename }) => tablename as string)]);
      expect([...tables].filter((table) => !NOT_MOVED.includes(table)).sort()).toEqual(
        MOVED_TABLES.map((table) => table.name).sort(),
      );
    });

    test('what comes back is what went out, to the last bit', async () => {
      const out = await moveOut();
      expect(out.every(({ rows }) => rows > 0)).toBe(true);
      const returned = join(folder, `returned-${made}.db`);
      expect(await moveBack(returned)).toEqual(out);
      expect(contentsOf(returned)).toEqual(contentsOf(source));
    });

    test('no number that was ever given out is given out again, on either side', async () => {
      const trimmed = openDatabase(source);
      trimmed.exec('DELETE FROM changes');
      trimmed.close();
      await moveOut();
      const pool = openPrimaryPool(schema.url);
      const store = await openPostgresStore({ pool, nodeId: 'one' });
      expect(await store.lastChangeNo()).toBe(6);
      expect(await store.changesAfter(6, 10)).toEqual([]);
      expect(await store.changesAfter(0, 10)).toBeUndefined();
      await pool.close();
      const next = await query(`SELECT nextval(pg_get_serial_sequence('${name}.persons', 'person_no')) AS no`);
      expect(Number(next[0]?.no)).toBe(901);

      const returned = join(folder, `numbers-${made}.db`);
      await moveBack(returned);
      const back = await openSqliteStore({ path: returned });
      expect(await back.lastChangeNo()).toBe(6);
      await back.close();
      const db = openDatabase(returned);
      expect(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'persons'").pluck().get()).toBe(901);
      db.close();
    });

    test('a move that is stopped shows nothing, and goes on where it was', async () => {
      const stop = new AbortController();
      const copied: string[] = [];
      const onProgress: MoveOptions['onProgress'] = ({ table, rows, isCheck }) => {
        if (isCheck) return;
        copied.push(`${table} ${rows}`);
        if (table === 'probes' && rows === 500) stop.abort();
      };
      await expect(moveOut({ onProgress, signal: stop.signal })).rejects.toThrow(/abort/);
      expect(copied.at(-1)).toBe('probes 500');
      expect(await query(`SELECT 1 FROM pg_tables WHERE schemaname = '${name}'`)).toEqual([]);

      copied.length = 0;
      await moveOut({ onProgress: ({ table, rows, isCheck }) => !isCheck && copied.push(`${table} ${rows}`) });
      expect(copied[0]).toBe('probes 500');
      expect(copied).toContain('probes 703');
      const returned = join(folder, `stopped-${made}.db`);
      await moveBack(returned);
      expect(contentsOf(returned)).toEqual(contentsOf(source));
    });

    test('what changed between two runs is noticed, and moved when begun anew', async () => {
      const stop = new AbortController();
      const onProgress: MoveOptions['onProgress'] = ({ table }) => table === 'rosters' && stop.abort();
      await expect(moveOut({ onProgress, signal: stop.signal })).rejects.toThrow(/abort/);
      const db = openDatabase(source);
      db.exec("UPDATE persons SET name = 'Renamed' WHERE person_no = 2");
      db.close();
      await expect(moveOut()).rejects.toThrow(/persons is not the same.*Begin anew/);
      expect(await query(`SELECT 1 FROM pg_tables WHERE schemaname = '${name}'`)).toEqual([]);
      await moveOut({ anew: true });
      expect(await query(`SELECT name FROM ${name}.persons WHERE person_no = 2`)).toEqual([{ name: 'Renamed' }]);
    });

    test('nothing is put over what is there, nor two things at once into one place', async () => {
      const into = await openPostgresTarget(schema.url, { anew: false });
      await expect(moveOut()).rejects.toThrow(/being moved there already/);
      await into.close();
      await moveOut();
      await expect(moveOut()).rejects.toThrow(/is in use already/);
      await expect(moveOut({ anew: true })).rejects.toThrow(/is in use already/);
      await expect(moveBack(source)).rejects.toThrow(/is there already/);
    });

    test('a text that PostgreSQL can not keep stops it with words, and nothing is seen of it', async () => {
      const db = openDatabase(source);
      db.prepare('UPDATE persons SET user_data = ? WHERE person_no = 3').run('a\0b');
      db.close();
      await expect(moveOut()).rejects.toThrow(/persons.*character/);
      expect(await query(`SELECT 1 FROM pg_tables WHERE schemaname = '${name}'`)).toEqual([]);
    });

    test('nodes that work on it are named, and it waits for them to be stopped', async () => {
      await moveOut();
      await query(`INSERT INTO ${name}.nodes (node_id, name, version) VALUES ('n', 'node-seven', '1')`);
      await expect(moveBack(join(folder, 'never.db'))).rejects.toThrow(/node-seven work on that database/);
      await query(`UPDATE ${name}.nodes SET seen_at = now() - interval '1 minute'`);
      await moveBack(join(folder, `later-${made}.db`));
    });

    test('the command: who was enrolled is found in the database, and in a data directory again', async () => {
      const [dataDir, people, back] = ['data', 'people', 'back'].map((part) => join(folder, part)) as [
        string,
        string,
        string,
      ];
      for (const person of ['ann', 'bob'] as const) {
        await mkdir(join(people, person), { recursive: true });
        await writeFile(join(people, person, '1.jpg'), await portraitOf(person));
      }
      const photo = join(folder, 'ann.jpg');
      await writeFile(photo, await portraitOf('annElsewhere'));
      expect((await kith(['enrol', people, '--gallery', 'club', '--data-dir', dataDir])).code).toBe(0);
      const address = new URL(schema.url);
      const passwordFile = join(folder, 'password');
      await writeFile(passwordFile, `${address.password}\n`);
      address.password = '';
      const migrate = (from: string, to: string) =>
        kith(['migrate', '--from', from, '--to', to, '--password-file', passwordFile, '--json']);

      const out = await migrate(dataDir, address.href);
      expect(out.stderr).not.toContain(new URL(schema.url).password);
      expect(out.code, out.stderr).toBe(0);
      const tables = new Map(recordsOf(out.stdout).map(({ table, rows }) => [table, rows]));
      expect([tables.get('persons'), tables.get('templates')]).toEqual([2, 2]);
      const env = { KITH_STORE: schema.url };
      const found = await kith(['identify', photo, '--gallery', 'club', '--data-dir', dataDir, '--json'], { env });
      expect(found.stdout, found.stderr).toContain('"ann"');

      const again = await migrate(dataDir, address.href);
      expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/is in use already/)]);

      await mkdir(back, { mode: 0o700 });
      await copyFile(join(dataDir, 'master.key'), join(back, 'master.key'));
      const returned = await migrate(address.href, back);
      expect(returned.code, returned.stderr).toBe(0);
      await rm(dataDir, { recursive: true });
      const foundAgain = await kith(['identify', photo, '--gallery', 'club', '--data-dir', back, '--json']);
      expect(foundAgain.stdout, foundAgain.stderr).toContain('"ann"');
      expect((await stat(join(back, 'kith.db'))).mode & 0o777).toBe(0o600);
    }, 240_000);
  },
);

test.each([
  [['--from', 'data', '--to', 'other'], /a data directory, and the other the address/],
  [['--from', 'postgres://kith@one/kith', '--to', 'postgres://kith@two/kith'], /a data directory, and the other/],
  [['--from', '/nowhere/at/all', '--to', 'postgres://kith@127.0.0.1:1/kith'], /There is no data in/],
])('migrate %j says what is wrong', async (args, words) => {
  const { code, stderr } = await kith(['migrate', ...args]);
  expect(stderr).toMatch(words);
  expect(code).toBe(2);
});
