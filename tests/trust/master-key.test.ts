// The master key is replaced while people are enrolled and searched for: nothing is lost, and the old key opens nothing.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { rotateMasterKey } from '../../src/core/operations/rotate-master-key.ts';
import type { SealedPlace } from '../../src/core/storage/sealed-rows.ts';
import { lockService } from '../../src/data-dir.ts';
import { beginMasterKeyRotation } from '../../src/vault/master-key.ts';
import { openVault } from '../../src/vault/vault.ts';
import { kith, startKith } from '../support/kith-command.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const PEOPLE = ['ann', 'bob', 'cleo'] as const;
const PLACES: Readonly<Record<SealedPlace, 'person-key' | 'transform-key' | 'probe'>> = {
  'person-keys': 'person-key',
  'snapshot-person-keys': 'person-key',
  'gallery-keys': 'transform-key',
  'next-gallery-keys': 'transform-key',
  'snapshot-gallery-keys': 'transform-key',
  probes: 'probe',
  'liveness-references': 'probe',
};

let folder: string;
let path: string;
let service: TestService;
const photos = new Map<string, Buffer>();

async function send(method: string, url: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(service.url + url, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      'ocp-apim-subscription-key': service.key,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  expect(response.status, text).toBeLessThan(300);
  return text === '' ? {} : JSON.parse(text);
}

async function nameOf(who: string): Promise<string> {
  const { faces } = await send('POST', '/v1/identify?gallery=club', photos.get(who));
  return faces[0].candidates[0]?.name ?? 'nobody';
}

async function enrol(who: string) {
  const { personId } = await send('POST', '/v1/galleries/club/people', { name: who });
  await send('POST', `/v1/galleries/club/people/${personId}/faces?minQuality=low`, photos.get(who));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-rotation-'));
  path = join(folder, 'master.key');
  service = await startService({ masterKeyPath: path });
  for (const who of PEOPLE) photos.set(who, await portraitOf(who));
  await send('PUT', '/v1/galleries/club', { keepPhotos: true });
  for (const who of PEOPLE) await enrol(who);
  const detected = '/face/v1.2/detect?recognitionModel=recognition_04&faceIdTimeToLive=600';
  await send('POST', detected, photos.get('ann'));
  await send('POST', '/face/v1.0/snapshots', {
    type: 'LargePersonGroup',
    objectId: 'club',
    applyScope: ['00000000-0000-0000-0000-000000000000'],
  });
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const rotate = (settle: () => Promise<void>, signal?: AbortSignal) =>
  rotateMasterKey(
    { ...service.deps, audit: service.deps.auditLog.actingAs({ tenantId: 'home', keyId: 'test' }) },
    { settle, ...(signal ? { signal } : {}) },
  );

async function countOpening(key: Uint8Array): Promise<Record<string, string>> {
  const vault = await openVault({ masterKey: key });
  const found: Record<string, string> = {};
  for (const [place, what] of Object.entries(PLACES) as [SealedPlace, 'person-key'][]) {
    const rows = await service.deps.store.listSealed(place, { limit: 1000 });
    const opening = rows.filter(({ tenantId, sealed }) => vault.canOpen(what, tenantId, sealed));
    found[place] = `${opening.length} of ${rows.length}`;
  }
  return found;
}

test('everything is sealed anew under way, and nothing opens by the old key', async () => {
  const old = new Uint8Array(await readFile(path));
  expect((await countOpening(old))['person-keys']).toBe('3 of 3');
  let running = true;
  let searches = 0;
  let enrolled = 0;
  const load = [
    (async () => {
      for (let i = 0; running; i++) {
        const who = PEOPLE[i % 3] as string;
        expect(await nameOf(who)).toBe(who);
        searches++;
      }
    })(),
    (async () => {
      for (let i = 0; running; i++) {
        await enrol(PEOPLE[i % 3] as string);
        enrolled++;
      }
    })(),
  ];
  // As another process does it: the service finds the next key by itself, at the latest when something doesn't open
  beginMasterKeyRotation(path);
  service.deps.vault.refresh();
  expect(service.deps.vault.isRotating).toBe(true);
  const wanted = { searches: searches + 3, enrolled: enrolled + 2 };
  const settle = async () => {
    while (searches < wanted.searches || enrolled < wanted.enrolled) await new Promise((go) => setTimeout(go, 20));
  };
  const rotated = await rotate(settle);
  expect(rotated?.sealedAnew).toBeGreaterThanOrEqual(8);
  expect(service.deps.vault.isRotating).toBe(false);
  running = false;
  await Promise.all(load);

  const present = new Uint8Array(await readFile(path));
  expect(present).not.toEqual(old);
  await expect(stat(`${path}.next`)).rejects.toThrow('ENOENT');
  for (const found of Object.values(await countOpening(old))) expect(found).toMatch(/^0 of/);
  const all = await countOpening(present);
  expect(all['person-keys']).toBe(`${3 + enrolled} of ${3 + enrolled}`);
  expect(all['snapshot-person-keys']).toBe('3 of 3');
  expect(all['gallery-keys']).toBe('1 of 1');
  expect(all.probes).toBe('1 of 1');
  for (const who of PEOPLE) expect(await nameOf(who)).toBe(who);
  // Kept pictures are sealed under the persons' keys: they come along
  const { people } = await send('GET', '/v1/galleries/club/people');
  const { personId, faceIds } = people[0];
  const picture = await fetch(`${service.url}/v1/galleries/club/people/${personId}/faces/${faceIds[0]}/photo`, {
    headers: { authorization: `Bearer ${service.key}` },
  });
  expect(picture.status).toBe(200);
});

test('one that was stopped opens both, and goes on', async () => {
  const old = new Uint8Array(await readFile(path));
  beginMasterKeyRotation(path);
  service.deps.vault.refresh();
  const stop = new AbortController();
  stop.abort();
  expect(await rotate(async () => undefined, stop.signal)).toBeUndefined();
  for (const who of PEOPLE) expect(await nameOf(who)).toBe(who);
  await enrol('ann');
  // A process that starts now has both as well
  const other = await openVault({ masterKeyPath: path });
  expect(other.isRotating).toBe(true);
  for (const { tenantId, sealed } of await service.deps.store.listSealed('person-keys', { limit: 1000 })) {
    expect(other.canOpen('person-key', tenantId, sealed)).toBe(true);
  }
  await rotate(async () => undefined);
  expect((await countOpening(old))['person-keys']).toMatch(/^0 of/);
  expect(other.refresh()).toBe(true);
  expect(other.isRotating).toBe(false);
});

test('an API key is replaced under way, and no request fails', async () => {
  const made = await send('POST', '/v1/keys', { label: 'front desk', permissions: ['search'] });
  let { key } = made;
  let running = true;
  const statuses: number[] = [];
  const asking = (async () => {
    while (running) {
      const response = await fetch(`${service.url}/v1/galleries`, { headers: { authorization: `Bearer ${key}` } });
      statuses.push(response.status);
      await response.text();
    }
  })();
  for (let i = 0, keyId = made.keyId; i < 5; i++) {
    const next = await send('POST', `/v1/keys/${keyId}/rotate`);
    // The client changes over; a request with the old one may still be on its way
    key = next.key;
    const asked = statuses.length;
    await expect.poll(() => statuses.length).toBeGreaterThan(asked + 1);
    await send('DELETE', `/v1/keys/${keyId}`);
    keyId = next.keyId;
  }
  running = false;
  await asking;
  expect(statuses.length).toBeGreaterThan(10);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('a key file that vanishes or is overwritten while it is in use changes nothing', async () => {
  const inUse = new Uint8Array(await readFile(path));
  for (const spoil of [() => rm(path), () => writeFile(path, new Uint8Array(32).fill(9)), () => writeFile(path, 'x')]) {
    await spoil();
    expect(service.deps.vault.refresh()).toBe(false);
    expect(await nameOf('ann')).toBe('ann');
    await enrol('bob');
    expect((await countOpening(inUse))['person-keys']).toMatch(/^(\d+) of \1$/);
  }
  await writeFile(path, inUse, { mode: 0o600 });
});

test('a key from the environment is replaced by naming both', async () => {
  const [old, present] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const before = await openVault({ masterKey: old });
  const key = before.newPersonKey('home');
  const during = await openVault({ masterKey: present, previousMasterKey: old });
  const anew = during.sealAnew('person-key', 'home', key);
  expect(anew).toBeDefined();
  expect(during.sealAnew('person-key', 'home', anew as Uint8Array)).toBeUndefined();
  during.endRotation();
  expect(during.isRotating).toBe(false);
  expect(during.canOpen('person-key', 'home', key)).toBe(false);
  const vector = Float32Array.of(0.6, 0.8);
  const sealed = before.sealTemplate('home', key, vector);
  expect(during.openTemplate('home', anew as Uint8Array, sealed)).toEqual(vector);
});

test('the command that waits for a service to replace the key notices that it has stopped, and goes on alone', async () => {
  const dataDir = join(folder, 'data');
  const options = { env: { KITH_DATA_DIR: dataDir } };
  expect((await kith(['gallery', 'create', 'club'], options)).code).toBe(0);
  const service = await lockService({ dataDir });
  const command = startKith(['vault', 'rotate'], options);
  let said = '';
  const ended = once(command, 'close');
  command.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await expect.poll(() => said, { timeout: 20_000 }).toContain('The running service replaces');
  service?.release();
  expect(await ended).toEqual([EXIT.interrupted, null]);
  expect(said).toContain('The service has stopped. Both keys are kept');
  expect((await kith(['vault', 'rotate'], options)).code).toBe(0);
}, 60_000);
