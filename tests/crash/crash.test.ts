// kill -9 at random moments of a service that is enrolling, erasing and training while it is backed up, or its master key or
// a gallery's key is replaced; half the time the command beside it dies too. After each restart: what was acknowledged is
// there, what was erased is not, the log verifies, and the index is what the store says.
// CRASH_KILLS=300 npm run test:crash
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { kith, startKith } from '../support/kith-command.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { clientOf, type Send } from '../support/service-client.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 2);
const KEY = 'a-key-for-crashes-that-is-long-enough';
const FACES: readonly FaceName[] = ['ann', 'bob', 'cleo', 'dan'];
/** Time that a run gets before it is killed, at most. */
const MAX_RUN_MS = 2500;
/** A rotation is over by then. */
const MAX_ROTATION_MS = 1500;
/** The newest so many erased people and keys are asked for one by one: each is an entry in the log. */
const LOOKED_UP = 5;
/** People in one list. */
const PAGE = 1000;

let folder: string;
let port: number;
const photos: Buffer[] = [];

/** What the service said, and what nobody knows because it died before it answered. */
const known = {
  people: new Map<string, number>(),
  erased: new Set<string>(),
  unsure: new Set<string>(),
  keys: new Map<string, string>(),
  revoked: new Set<string>(),
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-crash-'));
  for (const name of FACES) photos.push(await portraitOf(name));
  await writeFile(join(folder, 'passphrase'), 'correct horse battery staple\n');
  port = await freePort();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dataDir = () => ['--data-dir', join(folder, 'data')];

const start = () => startBuiltService({ dataDir: join(folder, 'data'), port, key: KEY });

const send: Send = (...request) => clientOf(port, KEY)(...request);

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)] as T;

/** Works until the service is gone. */
async function work(isOver: () => boolean): Promise<void> {
  const people = '/v1/galleries/club/people';
  const enrol = async () => {
    const made = await send('POST', people, { name: `person ${Math.random()}` });
    if (made?.status !== 201) return;
    const { personId } = made.json;
    known.people.set(personId, 0);
    const enrolled = await send('POST', `${people}/${personId}/faces?minQuality=low`, pick(photos));
    if (enrolled?.status === 201) known.people.set(personId, 1);
    else if (!enrolled) known.unsure.add(personId);
  };
  const deeds: readonly (() => Promise<unknown>)[] = [
    // More than are erased, or nobody would be left to be lost
    enrol,
    enrol,
    enrol,
    async () => {
      const personId = pick([...known.people.keys()]);
      if (personId === undefined || known.unsure.has(personId)) return;
      known.unsure.add(personId);
      const erased = await send('DELETE', `${people}/${personId}`);
      if (erased?.status !== 200) return;
      known.people.delete(personId);
      known.unsure.delete(personId);
      known.erased.add(personId);
    },
    () => send('POST', '/face/v1.2/largepersongroups/club/train', {}),
    async () => {
      const made = await send('POST', '/v1/keys', { label: 'crash', permissions: ['search'] });
      if (made?.status === 201) known.keys.set(made.json.keyId, made.json.key);
    },
    async () => {
      const keyId = pick([...known.keys.keys()]);
      if (keyId === undefined) return;
      const key = known.keys.get(keyId) as string;
      known.keys.delete(keyId);
      const ended = await send('DELETE', `/v1/keys/${keyId}`);
      if (ended?.status === 204) known.revoked.add(key);
    },
    () => send('POST', '/v1/identify?gallery=club', pick(photos)),
  ];
  while (!isOver()) await pick(deeds)();
}

async function facesByPerson(): Promise<ReadonlyMap<string, number>> {
  const faces = new Map<string, number>();
  for (let after = ''; ; ) {
    const listed = await send('GET', `/v1/galleries/club/people?limit=${PAGE}${after}`);
    if (listed?.status !== 200) throw new Error(`the list of people answered ${listed?.status}`);
    const { people } = listed.json as { people: { personId: string; faceIds: string[] }[] };
    for (const { personId, faceIds } of people) faces.set(personId, faceIds.length);
    if (people.length < PAGE) return faces;
    after = `&after=${people.at(-1)?.personId}`;
  }
}

async function expectNothingLost(): Promise<void> {
  const gallery = (await send('GET', '/v1/galleries/club'))?.json;
  const listed = await facesByPerson();
  for (const [personId, faces] of known.people) {
    const found = listed.get(personId);
    if (known.unsure.has(personId)) {
      // Begun and not acknowledged: either way is right, and the service's word counts from here on
      known.unsure.delete(personId);
      if (found === undefined) known.people.delete(personId);
      else known.people.set(personId, found);
      continue;
    }
    expect(found, `faces of acknowledged ${personId}`).toBeGreaterThanOrEqual(faces);
  }
  for (const personId of known.erased) expect(listed.has(personId), `erased ${personId}`).toBe(false);
  for (const personId of [...known.erased].slice(-LOOKED_UP)) {
    expect((await send('GET', `/v1/galleries/club/people/${personId}`))?.status, `erased ${personId}`).toBe(404);
  }
  for (const photo of photos) {
    const seen = (await send('POST', '/v1/identify?gallery=club', photo))?.json.faces[0];
    for (const { personId } of seen?.candidates ?? []) expect(known.erased.has(personId)).toBe(false);
  }
  for (const key of [...known.revoked].slice(-LOOKED_UP))
    expect((await send('GET', '/v1/galleries', undefined, key))?.status).toBe(401);
  for (const key of [...known.keys.values()].slice(-LOOKED_UP)) {
    expect((await send('GET', '/v1/galleries', undefined, key))?.status).toBe(200);
  }
  expect((await send('GET', '/v1/status'))?.json.faces, 'faces in the index').toBe(gallery?.faces);
}

/** What an operator does beside the running service, in turn; the last one lets it be. */
const BESIDE: readonly ((kill: number) => ChildProcess)[] = [
  () => startKith(['gallery', 'rekey', 'club', ...dataDir()]),
  (kill) =>
    startKith([
      ...['backup', '--to', join(folder, `backup-${kill}.age`)],
      ...['--passphrase-file', join(folder, 'passphrase'), ...dataDir()],
    ]),
  // Takes longer than a run: the service goes on with it at each start, until it is ended without one
  () => startKith(['vault', 'rotate', ...dataDir()]),
];

test(
  `${KILLS} times kill -9`,
  async () => {
    let child = await start();
    await send('PUT', '/v1/galleries/club', { keepPhotos: true });
    for (let kill = 0; kill < KILLS; kill++) {
      let isOver = false;
      const lanes = Array.from({ length: 4 }, () => work(() => isOver));
      const beside = BESIDE[kill % (BESIDE.length + 1)]?.(kill);
      const besideEnds = beside && once(beside, 'close');
      await pause(100 + Math.random() * MAX_RUN_MS);
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      // The command goes on by itself, or dies with the service
      if (pick([true, false])) beside?.kill('SIGKILL');
      isOver = true;
      await closed;
      await Promise.all(lanes);
      await besideEnds;
      if (kill % 7 === 3) await rotateKilled();
      child = await start();
      await expectNothingLost();
      if (kill % 10 === 9 || kill === KILLS - 1) {
        const { isIntact, chains } = await verifyAudit({ folder: join(folder, 'data', 'audit') });
        expect(isIntact, JSON.stringify(chains.map(({ fault }) => fault))).toBe(true);
      }
    }
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(known.people.size + known.erased.size).toBeGreaterThan(0);
    console.log(
      `${KILLS} kills: ${known.people.size} people there, ${known.erased.size} erased, ${known.revoked.size} keys revoked`,
    );
  },
  60_000 + KILLS * 30_000,
);

/** A rotation without a service that is killed once, and gone on with. */
async function rotateKilled(): Promise<void> {
  const child = startKith(['vault', 'rotate', ...dataDir()]);
  const closed = once(child, 'close');
  await pause(Math.random() * MAX_ROTATION_MS);
  child.kill('SIGKILL');
  await closed;
  const rotated = await kith(['vault', 'rotate', ...dataDir()]);
  expect(rotated.code, rotated.stderr).toBe(0);
}
