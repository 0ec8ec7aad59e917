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
import { NO_POSTGRES, serverCommand, serverPath, TEST_POSTGRES } from '../support/postgres.ts';
import { clientOf, type Send } from '../support/service-client.ts';

const KEY = 'a-key-for-a-fail-over-that-is-long-enough';
const CLUB = '/v1/galleries/club';
/** Faces enrolled before the primary stops, and after. */
const ENOUGH = 6;

describe.skipIf(TEST_POSTGRES === undefined)(`fail-over (${TEST_POSTGRES ? 'PostgreSQL' : NO_POSTGRES})`, () => {
  const server = new URL(TEST_POSTGRES ?? 'postgres://none');
  const env = { PGPASSWORD: decodeURIComponent(server.password) };
  const ports = { primary: 0, standby: 0 };
  const run = randomBytes(4).toString('hex');
  const pathOf = (name: string) => serverPath(`${name}-${run}`);
  const children: ChildProcess[] = [];
  const clients: Send[] = [];
  let folder: string;
  let photo: Buffer;

  function copy(from: string | number, to: 'primary' | 'standby', ...options: readonly string[]): void {
    const args = ['-h', '127.0.0.1', '-p', String(from), '-U', server.username, '-D', pathOf(to), '-c', 'fast'];
    serverCommand('pg_basebackup', [...args, ...options], env);
  }
  function startServer(name: 'primary' | 'standby'): void {
    const log = ['-l', pathOf(`${name}-log`)];
    serverCommand('pg_ctl', ['-D', pathOf(name), ...log, '-w', '-o', `-p ${ports[name]}`, 'start']);
  }
  async function ask(port: number, sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: Object.assign(new URL(server), { port }).href });
    await client.connect();
    await client.query(sql);
    await client.end();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kith-failover-'));
    photo = await portraitOf('ann');
    ports.primary = await freePort();
    ports.standby = await freePort();
    copy(server.port, 'primary');
    startServer('primary');
    copy(ports.primary, 'standby', '-R', '-d', 'application_name=standby');
    startServer('standby');
    // From now on a commit is acknowledged when both have it
    await ask(ports.primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    await ask(ports.primary, 'SELECT pg_reload_conf()');
    const { username, password, pathname } = server;
    const hosts = `127.0.0.1:${ports.primary},127.0.0.1:${ports.standby}`;
    const store = `postgres://${username}:${password}@${hosts}${pathname}?schema=failover`;
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
    for (const name of ['primary', 'standby']) {
      try {
        serverCommand('pg_ctl', ['-D', pathOf(name), '-m', 'immediate', 'stop']);
      } catch {
        // The primary is stopped already
      }
    }
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
          refused.push(`${made?.status} ${JSON.stringify(made?.json)} ${added?.status} ${JSON.stringify(added?.json)}`);
      }
    };
    const lanes = clients.flatMap((send) => [work(send), work(send)]);
    while (enrolled.length < ENOUGH && refused.length === 0) await delay(20);
    const before = enrolled.length;
    serverCommand('pg_ctl', ['-D', pathOf('primary'), '-m', 'immediate', 'stop']);
    serverCommand('pg_ctl', ['-D', pathOf('standby'), '-w', 'promote']);
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
});
