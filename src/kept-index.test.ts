import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Vault } from './core/ports.ts';
import type { Store } from './core/storage/store.ts';
import type { GalleryRef } from './core/types.ts';
import { fillIndex, type KeptIndex } from './kept-index.ts';
import { createGalleryIndex, type KeptGalleryIndex } from './search/gallery-index.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { openVault } from './vault/vault.ts';

const PEOPLE = 10_050;
const DIMS = 128;
const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'town' };

let folder: string;
let store: Store;
let vault: Vault;
let filledFromStore: number;
const path = () => join(folder, 'index.copy');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kith-kept-index-'));
  store = await openSqliteStore({ path: join(folder, 'kith.db') });
  vault = await openVault({ masterKey: randomBytes(32) });
  await store.createGallery({ ...ref, name: 'Town', recognitionModel: 'recognition_04', createdMs: 0 });
  await importPeople(PEOPLE);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

test('a copy is written, sealed, and read instead of the store; changes since are applied', async () => {
  await withIndex(async (kept) => {
    expect(filledFromStore).toBe(PEOPLE);
    await kept.saveIfChanged();
  });
  const [template] = await store.scanEnrolments(0, 1);
  if (!template) throw new Error('nothing is stored');
  const vector = vault.openTemplate('home', template.wrappedKey, template.sealedTemplate);
  const copy = await readFile(path());
  expect(copy.includes(Buffer.from(vector.buffer).subarray(0, 64))).toBe(false);

  await importPeople(7);
  await withIndex(async (kept) => {
    expect(filledFromStore).toBe(0);
    expect(kept.index.stats().enrolments).toBe(PEOPLE + 7);
    const { galleryNo } = await store.getGallery(ref);
    const { hits } = await kept.index.search(galleryNo, { vector, maxPersons: 1, minScore: 0.9, exact: true });
    expect(hits[0]?.enrolmentNo).toBe(template.enrolmentNo);
    await kept.saveIfChanged();
  });
});

test('an erasure takes the copy with it before it is acknowledged', async () => {
  await withIndex(async (kept) => {
    expect(await readdir(folder)).toContain('index.copy');
    const [person] = await store.listPersons(ref, { limit: 1 });
    await store.deletePerson(ref, person?.personId ?? '');
    await kept.follower.catchUp();
    expect(await readdir(folder)).not.toContain('index.copy');
  });
});

test('an erasure gives up a copy that is being written', async () => {
  await withIndex(async (kept) => {
    const saving = kept.saveIfChanged();
    const [person] = await store.listPersons(ref, { limit: 1 });
    await store.deletePerson(ref, person?.personId ?? '');
    await Promise.all([kept.follower.catchUp(), saving]);
    expect(await readdir(folder)).not.toContain('index.copy');
    expect((await readdir(folder)).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });
});

test('a copy from before what the feed remembers is read anew from the store, and none of it is kept', async () => {
  await withIndex((kept) => kept.saveIfChanged());
  const [person] = await store.listPersons(ref, { limit: 1 });
  await store.deletePerson(ref, person?.personId ?? '');
  await importPeople(3);
  await store.trimChanges((await store.lastChangeNo()) - 1, 1e6);
  await withIndex(async (kept) => {
    const { enrolments } = await store.countGallery(ref);
    expect(filledFromStore).toBe(enrolments);
    expect(kept.index.stats().enrolments).toBe(enrolments);
    expect(await readdir(folder)).not.toContain('index.copy');
    await importPeople(1);
    await kept.follower.catchUp();
    expect(kept.index.stats().enrolments).toBe(enrolments + 1);
  });
});

test('a torn or altered copy is passed over', async () => {
  await withIndex((kept) => kept.saveIfChanged());
  const whole = await readFile(path());
  const altered = Buffer.from(whole);
  altered[whole.length >> 1] = (altered[whole.length >> 1] ?? 0) ^ 1;
  for (const bytes of [whole.subarray(0, whole.length - 1000), altered, Buffer.from('not a copy'), Buffer.alloc(0)]) {
    await writeFile(path(), bytes);
    await withIndex(async (kept) => {
      expect(filledFromStore).toBeGreaterThan(0);
      const { enrolments } = await store.countGallery(ref);
      expect(kept.index.stats().enrolments).toBe(enrolments);
    });
  }
});

async function withIndex(use: (kept: KeptIndex<KeptGalleryIndex>) => Promise<void>): Promise<void> {
  filledFromStore = 0;
  const kept = await fillIndex({
    store,
    vault,
    path: path(),
    openIndex: () => createGalleryIndex({ threads: 1 }),
    onUnreadable: (enrolmentNo) => {
      throw new Error(`template ${enrolmentNo} can't be opened`);
    },
    onProgress: (rows) => {
      filledFromStore = rows;
    },
  });
  try {
    await use(kept);
  } finally {
    await kept.index.close();
  }
}

async function importPeople(count: number): Promise<void> {
  const batch = Array.from({ length: count }, () => {
    const wrappedKey = vault.newPersonKey('home');
    const enrolment = {
      enrolmentId: randomUUID(),
      box: { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 },
      quality: { level: 'high' as const, reasons: [] },
      packId: 'fast',
      sealedTemplate: vault.sealTemplate('home', wrappedKey, randomUnitVector()),
      createdMs: 0,
    };
    return { person: { personId: randomUUID(), name: 'Somebody', wrappedKey, createdMs: 0 }, enrolments: [enrolment] };
  });
  await store.importPersons(ref, batch);
}

function randomUnitVector(): Float32Array {
  const vector = Float32Array.from({ length: DIMS }, () => Math.random() - 0.5);
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}
