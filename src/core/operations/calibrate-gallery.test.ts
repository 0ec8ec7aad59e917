import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGalleryIndex } from '../../search/gallery-index.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import { openVault } from '../../vault/vault.ts';
import { decisionRule } from '../decide.ts';
import { startIndexFollower } from '../index-follower.ts';
import type { FaceEngine } from '../ports.ts';
import type { GalleryRef, ModelPack } from '../types.ts';
import { calibrateGrownGalleries } from './calibrate-grown-galleries.ts';

const DIMS = 128;
const pack: ModelPack = {
  packId: 'fast',
  version: '1',
  dims: DIMS,
  description: '',
  weightsLicence: '',
  trainingData: '',
  calibration: {
    midpointScore: 0.42,
    slope: 35.8,
    impostorTail: [
      { score: 0.248, falseMatchRate: 1e-2 },
      { score: 0.487, falseMatchRate: 1e-5 },
    ],
    measuredOn: 'the pack',
  },
};

async function openParts() {
  const store = await openSqliteStore({ path: ':memory:' });
  const vault = await openVault({ masterKey: randomBytes(32) });
  const index = await createGalleryIndex({ threads: 1 });
  const follower = await startIndexFollower({ store, vault, index, onUnreadable: () => {} }, () => {});
  const engine: Pick<FaceEngine, 'packs'> = { packs: [pack] };
  return {
    store,
    vault,
    index,
    follower,
    engine: engine as FaceEngine,
    clock: { nowMs: Date.now },
    recognitionModels: new Map([['recognition_04', 'fast']]),
  };
}

let parts: Awaited<ReturnType<typeof openParts>>;
const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };

beforeAll(async () => {
  parts = await openParts();
  await parts.store.createGallery({ ...ref, name: 'Club', recognitionModel: 'recognition_04', createdMs: 0 });
});
afterAll(async () => {
  await parts.index.close();
  await parts.store.close();
});

test('a gallery gets a tail of its own when it is large enough, and a new one when it has grown', async () => {
  await enrolStrangers(40);
  expect(await calibrateGrownGalleries(parts, 'home')).toBe(0);

  await enrolStrangers(160);
  expect(await calibrateGrownGalleries(parts, 'home')).toBe(1);
  const { tail } = await parts.store.getGallery(ref);
  expect(tail).toMatchObject({ enrolments: 200, curve: { persons: 199 } });
  // Random directions in 128 dimensions: the best of 199 strangers lies near .24, far below what the pack thinks.
  const rule = decisionRule(pack.calibration, {
    persons: 200,
    enrolments: 200,
    targetFpir: 0.01,
    ownTail: tail?.curve,
  });
  expect(rule.tail.measuredOn).toContain('200 persons');
  expect(rule.thresholdScore).toBeGreaterThan(0.25);
  expect(rule.thresholdScore).toBeLessThan(0.42);

  // Unchanged, it is left alone.
  expect(await calibrateGrownGalleries(parts, 'home')).toBe(0);
  await enrolStrangers(100);
  expect(await calibrateGrownGalleries(parts, 'home')).toBe(1);
});

async function enrolStrangers(count: number): Promise<void> {
  const batch = Array.from({ length: count }, () => {
    const wrappedKey = parts.vault.newPersonKey('home');
    const enrolment = {
      enrolmentId: randomUUID(),
      box: { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 },
      quality: { level: 'high' as const, reasons: [] },
      packId: 'fast',
      sealedTemplate: parts.vault.sealTemplate('home', wrappedKey, randomUnitVector()),
      createdMs: 0,
    };
    return { person: { personId: randomUUID(), name: 'Somebody', wrappedKey, createdMs: 0 }, enrolments: [enrolment] };
  });
  await parts.store.importPersons(ref, batch);
  await parts.follower.catchUp();
}

function randomUnitVector(): Float32Array {
  const vector = Float32Array.from({ length: DIMS }, () => {
    // Box–Muller
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  });
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}
