// A primary and a streaming replica, which is promoted in the middle of enrolment; the nodes know both addresses.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { portraitOf } from '../support/photos.ts';
import { type PostgresServer, SHARED_POSTGRES, startPostgres, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { clientOf, type Send } from '../support/service-client.ts';

const KEY = 'a-key-for-a-fail-over-that-is-long-enough';
const CLUB = '/v1/galleries/club';
/** Faces enrolled before the primary stops, and after. */
const ENOUGH = 6;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `fail-over (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    let primary: PostgresServer;
    let standby: PostgresServer;
    const children: ChildProcess[] = [];
    const clients: Send[] = [];
    let folder: string;
    let photo: Buffer;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kith-failover-'));
      photo = await portraitOf('ann');
      primary = await startPostgres();
      standby = await primary.addStandby('standby');
      // From now on a commit is acknowledged when both have it
      const admin = new pg.Client({ connectionString: primary.url });
      await admin.connect();
      await admin.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
      await admin.query('SELECT pg_reload_conf()');
      await admin.end();
      const { username, password, host, pathname } = new URL(primary.url);
      const store = `postgres://${username}:${password}@${host},${new URL(standby.url).host}${pathname}`;
      const masterKey = randomBytes(32).toString('base64');
      for (const name of ['one', 'two']) {
        const port = await freePort();
        const dataDir = join(folder, name);
        const settings = { KITH_STORE: store, KITH_MASTER_KEY: masterKey, KITH_SEARCH_THREADS: '1' };
        children.push(await startBuiltService({ dataDir, port, key: KEY, env: settings }));
        clients.push(clientOf(port, KEY));
      }
      expect((await clients[0]?.('PUT', CLUB, {}))?.status).toBe(201);
    }, 240_000);

    afterAll(async () => {
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'close') : undefined)));
      await primary.remove();
      await rm(folder, { recursive: true, force: true });
    });

    test('the nodes go on by themselves, and all that was acknowledged is there', async () => {
      const enrolled: string[] = [];
      const refused: string[] = [];
      let isOver = false;
      const work = async (send: Send) => {
        while (!isOver) {
          const made = await send('POST', `${CLUB}/people`, { name: 'Ann' });
          const { personId } = made?.json ?? {};
          const face = made?.status === 201 && `${CLUB}/people/${personId}/faces?minQuality=low`;
          const added = face ? await send('POST', face, photo) : undefined;
          if (added?.status === 201) enrolled.push(personId);
          else
            refused.push(
              `${made?.status} ${JSON.stringify(made?.json)} ${added?.status} ${JSON.stringify(added?.json)}`,
            );
        }
      };
      const lanes = clients.flatMap((send) => [work(send), work(send)]);
      while (enrolled.length < ENOUGH && refused.length === 0) await delay(20);
      const before = enrolled.length;
      await primary.halt('immediate');
      await standby.promote();
      while (enrolled.length < before + ENOUGH && refused.length === 0) await delay(20);
      isOver = true;
      await Promise.all(lanes);

      expect(refused).toEqual([]);
      for (const send of clients) {
        for (const personId of enrolled) {
          const found = await send('GET', `${CLUB}/people/${personId}`);
          expect([found?.status, found?.json.faceIds?.length]).toEqual([200, 1]);
        }
        expect((await send('GET', '/v1/status'))?.json.faces).toBe(enrolled.length);
      }
      console.log(`${enrolled.length} enrolled, ${before} of them before the primary stopped`);
    }, 120_000);
  },
);
