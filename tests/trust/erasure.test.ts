// Erased is gone from every byte of the data directory, and stays gone when an older database is put back.
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findReceiptFault } from '../../src/audit/erasure-receipt.ts';
import { PUBLIC_KEY_FILE, readPublicKey } from '../../src/audit/signing-key.ts';
import { ERASURE_LEDGER_FILE } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import type { GalleryRef } from '../../src/core/types.ts';
import { DATABASE_FILE } from '../../src/open-store.ts';
import { type RunningService, runService } from '../../src/run-service.ts';
import { recordsIn } from '../support/audit-records.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';

vi.setConfig({ testTimeout: 120_000 });

const KEY = 'a-key-for-tests-that-is-long-enough';
const REF: GalleryRef = { tenantId: 'default', kind: 'large-person', galleryId: 'club' };
const CONSENT = { givenBy: 'themselves', method: 'on paper', textHash: 'ab'.repeat(32) };

let folder: string;
let service: RunningService;
let kith: KithHttp;

async function start(): Promise<void> {
  const settings = { KITH_DATA_DIR: folder, KITH_API_KEY: KEY, KITH_PORT: '0', KITH_ENGINE_PROCESSES: '1' };
  service = await runService(loadConfig({ ...settings, KITH_LOG_LEVEL: 'silent' }), () => {});
  kith = kithHttp({ url: service.url, key: KEY });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-erasure-'));
  await start();
  await kith.call('PUT', '/galleries/club', { keepPhotos: true });
});
afterEach(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

async function enrol(name: string, face: FaceName) {
  const person = await kith.call('POST', '/galleries/club/people', {
    name,
    userData: `about ${name}`,
    consent: CONSENT,
  });
  const path = `/galleries/club/people/${person.body.personId}`;
  const enrolled = await kith.call('POST', `${path}/faces?minQuality=low`, await portraitOf(face));
  expect(enrolled.status).toBe(201);
  return { personId: person.body.personId as string, path, facePath: `${path}/faces/${enrolled.body.faceId}` };
}

/** Everything the store holds of somebody that could be found again in a file. */
async function tracesOf(name: string, personId: string): Promise<Buffer[]> {
  const { store } = service.deps;
  const { wrappedKey } = await store.getPersonKey(REF, personId);
  const [sealed] = await store.sealedEnrolmentsOf(REF, personId);
  const [face] = await store.listEnrolments(REF, personId);
  const photo = await store.findEnrolmentPhoto(REF, personId, face?.enrolmentId ?? '');
  const middleOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(bytes.length / 2, bytes.length / 2 + 24));
  return [
    Buffer.from(name),
    Buffer.from(`about ${name}`),
    Buffer.from(wrappedKey),
    middleOf(sealed?.sealedTemplate ?? new Uint8Array()),
    middleOf(photo?.sealedPhoto ?? new Uint8Array()),
  ];
}

/** How many of the traces are in any file of the data directory. */
async function tracesFound(traces: readonly Buffer[]): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return traces.filter((trace) => contents.some((content) => content.includes(trace))).length;
}

async function whoIsSeen(): Promise<string[]> {
  const names = new Set<string>();
  for (const photo of [samplePhoto(1), samplePhoto(3), samplePhoto(5)]) {
    const { body } = await kith.call('POST', '/identify?gallery=club', photo);
    for (const { outcome, candidates } of body.faces) if (outcome === 'match') names.add(candidates[0].name);
  }
  return [...names].sort();
}

test('after an erasure nothing of a person is in any file, and nothing of others is lost', async () => {
  const ann = await enrol('Canary Ann', 'ann');
  const cleo = await enrol('Canary Cleo', 'cleo');
  const annTraces = await tracesOf('Canary Ann', ann.personId);
  const cleoTraces = await tracesOf('Canary Cleo', cleo.personId);
  expect(await tracesFound([...annTraces, ...cleoTraces])).toBe(10);

  const erased = await kith.call('DELETE', ann.path);
  expect(erased.body.receipt).toMatchObject({
    subject: { what: 'person', galleryKind: 'large-person', galleryId: 'club', personId: ann.personId },
    removed: { persons: 1, keys: 1, templates: 1, photos: 1, consents: 1, snapshotTemplates: 0 },
  });
  const key = await readPublicKey(join(folder, 'audit', PUBLIC_KEY_FILE));
  expect(findReceiptFault(erased.body, key)).toBeUndefined();
  expect(await tracesFound(annTraces)).toBe(0);
  expect(await tracesFound(cleoTraces)).toBe(5);
  expect(await whoIsSeen()).toEqual(['Canary Cleo']);

  const all = await kith.call('DELETE', '/galleries/club');
  expect(all.body.receipt).toMatchObject({ subject: { what: 'gallery' }, removed: { persons: 1, photos: 1 } });
  expect(await tracesFound(cleoTraces)).toBe(0);
  const ledger = await readFile(join(folder, ERASURE_LEDGER_FILE), 'utf8');
  expect(ledger.match(/^[0-9a-f]{64}$/gm)).toHaveLength(3);
  for (const { personId } of [ann, cleo]) expect(ledger).not.toContain(personId);
});

test('an older database that is put back has the erased gone before the first answer', async () => {
  const ann = await enrol('Ann', 'ann');
  const bob = await enrol('Bob', 'bob');
  const cleo = await enrol('Cleo', 'cleo');
  const dan = await enrol('Dan', 'dan');
  expect(await whoIsSeen()).toEqual(['Ann', 'Bob', 'Cleo', 'Dan']);
  await service.stop();
  await copyFile(join(folder, DATABASE_FILE), join(folder, 'backup'));

  await start();
  await kith.call('DELETE', ann.path);
  await kith.call('DELETE', bob.facePath);
  await kith.call('DELETE', `${cleo.path}/consent`);
  await service.stop();

  await copyFile(join(folder, 'backup'), join(folder, DATABASE_FILE));
  for (const name of ['-wal', '-shm']) await rm(join(folder, `${DATABASE_FILE}${name}`), { force: true });
  await rm(join(folder, 'index.copy'), { force: true });
  await rm(join(folder, 'backup'));
  await start();
  expect((await kith.call('GET', ann.path)).body.code).toBe('person-not-found');
  expect((await kith.call('GET', bob.path)).body.faceIds).toEqual([]);
  expect((await kith.call('GET', `${cleo.path}/consent`)).body.state).toBe('withdrawn');
  expect((await kith.call('GET', dan.path)).body.faceIds).toHaveLength(1);
  expect(await whoIsSeen()).toEqual(['Dan']);
  expect(await tracesFound([Buffer.from('about Ann')])).toBe(0);

  // Known again once they are enrolled again: the ledger is about what was, not about whom
  await enrol('Ann', 'ann');
  await kith.call('PUT', `${cleo.path}/consent`, CONSENT);
  await service.stop();
  await start();
  expect(await whoIsSeen()).toEqual(['Ann', 'Cleo', 'Dan']);
  const again = (await recordsIn(join(folder, 'audit'))).filter(({ action }) => action === 'erase-again');
  expect(again.map(({ outcome, counts }) => [outcome, counts])).toEqual([
    ['begun', undefined],
    ['done', { erasures: 4 }],
  ]);
});

test('a lost ledger is written anew, and one that was cut in the middle of a line goes on', async () => {
  const ann = await enrol('Ann', 'ann');
  await kith.call('DELETE', ann.path);
  const path = join(folder, ERASURE_LEDGER_FILE);
  const marks = async () => (await readFile(path, 'utf8')).match(/^[0-9a-f]{64}$/gm);
  const before = await marks();
  expect(before).toHaveLength(2);
  await service.stop();
  await rm(path);
  await start();
  expect(await marks()).toEqual(before);

  await service.stop();
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, -30));
  await start();
  const bob = await enrol('Bob', 'bob');
  await kith.call('DELETE', bob.path);
  expect(await marks()).toHaveLength(3);
});
