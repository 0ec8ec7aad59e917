// Nodes of two versions on one schema, while they are replaced one by one: the older are this Kith, the newer know more.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, newestOf } from '../../src/store/postgres/migrate.ts';
import { MIGRATIONS, type Migration } from '../../src/store/postgres/migrations.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { buildNewer } from '../support/newer-build.ts';
import { portraitOf } from '../support/photos.ts';
import { testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { clientOf, type Send } from '../support/service-client.ts';

const KEY = 'a-key-for-two-versions-that-is-long-enough';
const CLUB = '/v1/galleries/club';
const KNOWN = newestOf(MIGRATIONS);
const EXPAND: Migration = { version: KNOWN + 1, sql: 'ALTER TABLE persons ADD COLUMN nickname TEXT' };
const CONTRACT: Migration = {
  version: KNOWN + 2,
  sql: 'ALTER TABLE persons DROP COLUMN nickname',
  oldestReader: KNOWN + 1,
};
/** A second, and what a busy machine adds. */
const UNREADY_WITHIN_MS = 1000 + 2000;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `a rolling upgrade (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    const schema = testSchema();
    const children: ChildProcess[] = [];
    let folder: string;
    let pool: PrimaryPool;
    let photo: Buffer;
    let older: { readonly child: ChildProcess; readonly send: Send; readonly said: () => string };
    let newerMain: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kith-two-versions-'));
      pool = openPrimaryPool(schema.url);
      photo = await portraitOf('ann');
      newerMain = await buildNewer(join(folder, 'newer'), EXPAND);
      older = await startNode('older-data');
      expect((await older.send('PUT', CLUB, {}))?.status).toBe(201);
    });
    afterAll(async () => {
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'close') : undefined)));
      await pool.close();
      await schema.drop();
      await rm(folder, { recursive: true, force: true });
    });

    const masterKey = randomBytes(32).toString('base64');

    async function startNode(dataDir: string, main?: string) {
      const port = await freePort();
      const env = { KITH_STORE: schema.url, KITH_MASTER_KEY: masterKey, KITH_SEARCH_THREADS: '1' };
      const where = { dataDir: join(folder, dataDir), port, key: KEY, env };
      const child = await startBuiltService(main === undefined ? where : { ...where, main });
      let words = '';
      child.stdout?.on('data', (text: Buffer) => {
        words += text;
      });
      children.push(child);
      return { child, send: clientOf(port, KEY), said: () => words };
    }

    /** Enrols until it is stopped; answers whom it was told to be there, and what else it was told. */
    function enrolAll(send: Send) {
      const enrolled: string[] = [];
      const refused: { readonly status: number | undefined; readonly message: string }[] = [];
      let isOver = false;
      const work = (async () => {
        while (!isOver) {
          const made = await send('POST', `${CLUB}/people`, { name: 'Ann' });
          const { personId } = made?.json ?? {};
          const faces = `${CLUB}/people/${personId}/faces?minQuality=low`;
          const last = made?.status === 201 ? await send('POST', faces, photo) : made;
          if (last?.status === 201) enrolled.push(personId);
          else refused.push({ status: last?.status, message: JSON.stringify(last?.json) });
          if (last?.status !== 201) await delay(20);
        }
      })();
      const more = async (count: number) => {
        const before = enrolled.length;
        await expect
          .poll(() => enrolled.length, { timeout: 30_000, interval: 20 })
          .toBeGreaterThanOrEqual(before + count);
      };
      const stop = async () => {
        isOver = true;
        await work;
      };
      return { enrolled, refused, more, stop };
    }

    async function statusOf(send: Send): Promise<number | undefined> {
      return (await send('GET', '/health/ready'))?.status;
    }

    test('one that only adds stops nobody; one that takes away stops the older, in words, and loses nothing', async () => {
      const olderWork = enrolAll(older.send);
      await olderWork.more(1);
      const newer = await startNode('newer-data', newerMain);
      const newerWork = enrolAll(newer.send);
      await olderWork.more(2);
      await newerWork.more(2);
      expect([olderWork.refused, newerWork.refused]).toEqual([[], []]);
      expect(await statusOf(older.send)).toBe(200);
      const started = await openPostgresStore({ pool, nodeId: 'started late' });
      expect(await started.lastChangeNo()).toBeGreaterThan(0);

      const client = await pool.connect();
      await migrate(client, pool.schema, [...MIGRATIONS, EXPAND, CONTRACT]);
      client.release();
      const contractedMs = performance.now();
      while ((await statusOf(older.send)) === 200) await delay(10);
      expect(performance.now() - contractedMs).toBeLessThan(UNREADY_WITHIN_MS);
      await newerWork.more(2);
      await olderWork.stop();
      await newerWork.stop();

      expect(older.said()).toMatch(/This node answers nothing any more\. A newer Kith has changed the database/);
      expect(olderWork.refused.length).toBeGreaterThan(0);
      for (const { status, message } of olderWork.refused) {
        expect([status, message]).toEqual([503, expect.stringMatching(/too old for the database/)]);
      }
      expect(newerWork.refused).toEqual([]);
      await expect(started.lastChangeNo()).rejects.toThrow(/too old for the database/);
      const words = `it takes one that knows schema ${KNOWN + 1}, and this Kith knows schemas up to ${KNOWN} only`;
      await expect(openPostgresStore({ pool, nodeId: 'started too late' })).rejects.toThrow(words);

      const enrolled = [...olderWork.enrolled, ...newerWork.enrolled];
      for (const personId of enrolled) {
        expect((await newer.send('GET', `${CLUB}/people/${personId}`))?.json.faceIds).toHaveLength(1);
      }
      expect((await newer.send('GET', '/v1/status'))?.json.faces).toBe((await newer.send('GET', CLUB))?.json.faces);
      // The older one has left, so nobody waits for it
      const erased = await newer.send('DELETE', `${CLUB}/people/${enrolled[0]}`);
      expect([erased?.status, erased?.json.receipt?.unconfirmedNodes]).toEqual([200, undefined]);
    }, 240_000);

    test('what one node adds waits for the calls under way, and the calls for it', async () => {
      const own = testSchema();
      const ownPool = openPrimaryPool(own.url);
      const store = await openPostgresStore({ pool: ownPool, nodeId: 'one' });
      const [writing, migrating] = [await ownPool.connect(), await ownPool.connect()];
      await writing.query('BEGIN; SELECT max(oldest_reader) FROM schema_versions');
      const order: string[] = [];
      const migrated = migrate(migrating, ownPool.schema, [...MIGRATIONS, EXPAND]).then(() => order.push('migrated'));
      await delay(100);
      const called = store.sweepProbes(0).then(() => order.push('called'));
      await delay(100);
      expect(order).toEqual([]);
      await writing.query('COMMIT');
      await Promise.all([migrated, called]);
      expect(order).toEqual(['migrated', 'called']);
      for (const client of [writing, migrating]) client.release();
      await ownPool.close();
      await own.drop();
    });
  },
);
