// A machine that has no file handles left: the built service refuses or answers, loses nothing that it acknowledged, and goes
// on by itself when there are handles again.
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { portraitOf } from '../support/photos.ts';

const KEY = 'a-key-for-handles-that-is-long-enough';
/** Of the service itself, its models' processes apart. */
const MAX_HANDLES = 80;
/** Of Linux: only there can a process's handles be limited while it runs. */
const canLimit = existsSync('/proc/self/fd') && spawnSync('prlimit', ['--version']).status === 0;

let folder: string;
let port: number;
let child: ChildProcess;
const sockets: Socket[] = [];
/** One connection, opened while there was a handle for it, and kept. */
const kept = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  if (!canLimit) return;
  folder = await mkdtemp(join(tmpdir(), 'kith-handles-'));
  port = await freePort();
  child = await startBuiltService({ dataDir: join(folder, 'data'), port, key: KEY });
  execFileSync('prlimit', ['--pid', String(child.pid), `--nofile=${MAX_HANDLES}`]);
});
afterAll(async () => {
  if (!canLimit) return;
  kept.destroy();
  for (const socket of sockets) socket.destroy();
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'close');
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly json: {
    readonly personId?: string;
    readonly faceIds?: readonly string[];
    readonly people?: readonly { readonly name: string }[];
    readonly faces?: readonly { readonly candidates: readonly { readonly personId: string }[] }[];
  };
}

function send(method: string, path: string, body?: object | Buffer, agent: Agent | false = kept): Promise<Answer> {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
  return new Promise((resolve, reject) => {
    const sent = request(
      `http://127.0.0.1:${port}${path}`,
      {
        agent,
        method,
        headers: {
          authorization: `Bearer ${KEY}`,
          ...(bytes ? { 'content-type': type, 'content-length': bytes.length } : {}),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, json: text ? JSON.parse(text) : {} }));
        response.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(bytes);
  });
}

const handlesOf = () => readdirSync(`/proc/${child.pid}/fd`).length;

test.skipIf(!canLimit)(
  'without handles it answers whom it can, and goes on when there are some (needs prlimit)',
  async () => {
    const people = '/v1/galleries/club/people';
    const photo = await portraitOf('ann');
    await send('PUT', '/v1/galleries/club', {});
    const { personId } = (await send('POST', people, { name: 'Ann' })).json;
    expect((await send('POST', `${people}/${personId}/faces`, photo)).status).toBe(201);

    // More than there is room for; those that the service can't take, the system ends
    for (let i = 0; i < 3 * MAX_HANDLES; i++) sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
    await expect.poll(handlesOf, { timeout: 10_000 }).toBeGreaterThanOrEqual(MAX_HANDLES - 2);

    expect((await send('GET', '/health')).status).toBe(200);
    const seen = await send('POST', '/v1/identify?gallery=club', photo);
    expect(seen.status).toBe(200);
    expect(seen.json.faces?.[0]?.candidates[0]?.personId).toBe(personId);
    const made = await send('POST', people, { name: 'Bob' });
    expect([201, 503]).toContain(made.status);
    const second = await send('POST', `${people}/${personId}/faces`, photo);
    expect([201, 503]).toContain(second.status);
    const status = await send('GET', '/v1/status');
    expect([200, 503]).toContain(status.status);
    expect(child.exitCode).toBeNull();

    for (const socket of sockets) socket.destroy();
    await expect.poll(handlesOf, { timeout: 20_000 }).toBeLessThan(MAX_HANDLES - 10);
    expect((await send('GET', '/health', undefined, false)).status).toBe(200);
    const { json } = await send('GET', people, undefined, false);
    const names = json.people?.map(({ name }) => name);
    expect(names?.sort()).toEqual(made.status === 201 ? ['Ann', 'Bob'] : ['Ann']);
    const ann = await send('GET', `${people}/${personId}`, undefined, false);
    expect(ann.json.faceIds).toHaveLength(second.status === 201 ? 2 : 1);
    expect((await send('POST', people, { name: 'Cleo' }, false)).status).toBe(201);
  },
);
