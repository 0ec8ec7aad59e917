// `kith migrate` killed with -9 at moments nobody chose, there and back: nothing is shown before all is right.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { GalleryRef } from '../../src/core/types.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { openVault } from '../../src/vault/vault.ts';
import { contentsOf } from '../support/every-table.ts';
import { kith, recordsOf, startKith } from '../support/kith-command.ts';
import { testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { directions, enrolSynthetic, type SyntheticParts } from '../support/synthetic-gallery.ts';

const REF: GalleryRef = { tenantId: 'default', kind: 'large-person', galleryId: 'town' };
const PEOPLE = 1200;
/** Persons, enrolments, templates and changes. */
const ROWS = 4 * PEOPLE;
const TABLES = ['persons', 'enrolments', 'templates', 'changes'];
/** Kills come so many milliseconds after the rows that were waited for are there, at most. */
const LATER_MS = 60;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `kith migrate, killed (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    test('ends with the same rows on both sides, however often it was killed', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'kith-killed-'));
      const schema = testSchema();
      const name = new URL(schema.url).searchParams.get('schema');
      const [dataDir, back] = [join(folder, 'data'), join(folder, 'back')];
      const masterKey = randomBytes(32);
      const env = { KITH_MASTER_KEY: masterKey.toString('base64') };
      const client = new pg.Client({ connectionString: SHARED_POSTGRES });
      await client.connect();

      const countOf = async (table: string) =>
        Number((await client.query(`SELECT count(*) AS n FROM ${name}_moving.${table}`)).rows[0].n);
      const movedOut = async () => {
        let rows = 0;
        for (const table of TABLES) rows += await countOf(table).catch(() => 0);
        return rows;
      };
      const movedBack = async () => {
        try {
          const db = new SqliteDatabase(join(back, 'kith.db.moving'), { readonly: true, fileMustExist: true });
          try {
            const counts = TABLES.map((table) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number);
            return counts.reduce((sum, count) => sum + count, 0);
          } finally {
            db.close();
          }
        } catch {
          return 0;
        }
      };

      /** Answers how many rows were there when it was killed; undefined when it had ended before. */
      async function killAt(rows: number, args: readonly string[], moved: () => Promise<number>) {
        const child = startKith(args, { env });
        child.stdin.end();
        for (const stream of [child.stdout, child.stderr]) stream.resume();
        const closed = once(child, 'close');
        while ((await moved()) < rows && child.exitCode === null) await delay(5);
        await delay(Math.random() * LATER_MS);
        child.kill('SIGKILL');
        const [, signal] = await closed;
        return signal === 'SIGKILL' ? moved() : undefined;
      }

      /** At moments spread over all of it, and in the comparison at the end; then to its end. */
      async function killAndFinish(args: readonly string[], kills: number, moved: () => Promise<number>) {
        const left: number[] = [];
        for (let kill = 0; kill < kills; kill++) {
          const rows = await killAt(Math.ceil(((kill + Math.random()) / kills) * ROWS), args, moved);
          if (rows === undefined) return { left, tables: undefined };
          left.push(rows);
        }
        const done = await kith(args, { env });
        expect(done.code, done.stderr).toBe(0);
        return { left, tables: new Map(recordsOf(done.stdout).map(({ table, rows }) => [table, rows])) };
      }

      try {
        await enrolMany(dataDir, masterKey);
        const out = await killAndFinish(['migrate', '--from', dataDir, '--to', schema.url, '--json'], 4, movedOut);
        const home = await killAndFinish(['migrate', '--from', schema.url, '--to', back, '--json'], 1, movedBack);
        expect([...out.left, ...home.left].some((rows) => rows > 0 && rows < ROWS)).toBe(true);
        for (const { tables } of [out, home]) {
          if (tables) expect(TABLES.map((table) => tables.get(table))).toEqual(TABLES.map(() => PEOPLE));
        }
        const [went, came] = [contentsOf(join(dataDir, 'kith.db')), contentsOf(join(back, 'kith.db'))];
        for (const table of Object.keys(went)) expect(came[table], table).toEqual(went[table]);
        console.log(`killed with ${out.left.join(', ')} rows of ${ROWS} there, and ${home.left.join(', ')} back`);
      } finally {
        await client.query(`DROP SCHEMA IF EXISTS ${name}_moving CASCADE`);
        await client.end();
        await schema.drop();
        await rm(folder, { recursive: true, force: true });
      }
    }, 240_000);
  },
);

async function enrolMany(dataDir: string, masterKey: Buffer): Promise<void> {
  await mkdir(dataDir, { mode: 0o700 });
  const store = await openSqliteStore({ path: join(dataDir, 'kith.db') });
  const vault = await openVault({ masterKey });
  await store.createGallery({ ...REF, name: 'Town', recognitionModel: 'recognition_04', createdMs: 0 });
  const next = directions(5);
  const people = Array.from({ length: PEOPLE }, (_, i) => ({ name: `person ${i}`, vectors: [next()] }));
  const follower = { catchUp: async () => undefined };
  await enrolSynthetic({ store, vault, follower } as unknown as SyntheticParts, REF, people);
  await store.close();
}
