// A store, an index and what stands between them, for galleries of made-up templates.
import { randomBytes, randomUUID } from 'node:crypto';
import { startIndexFollower } from '../../src/core/index-follower.ts';
import type { FaceEngine } from '../../src/core/ports.ts';
import type { GalleryRef, ModelPack } from '../../src/core/types.ts';
import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { openVault } from '../../src/vault/vault.ts';

export const SYNTHETIC_PACK: ModelPack = {
  packId: 'fast',
  version: '1',
  dims: 128,
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

export type SyntheticParts = Awaited<ReturnType<typeof openSyntheticParts>>;

export async function openSyntheticParts({ threads = 1 } = {}) {
  const store = await openSqliteStore({ path: ':memory:' });
  const vault = await openVault({ masterKey: randomBytes(32) });
  const index = await createGalleryIndex({ threads });
  const follower = await startIndexFollower({ store, vault, index, onUnreadable: () => {} }, () => {});
  const engine: Pick<FaceEngine, 'packs'> = { packs: [SYNTHETIC_PACK] };
  return {
    store,
    vault,
    index,
    follower,
    engine: engine as FaceEngine,
    clock: { nowMs: Date.now },
    recognitionModels: new Map([['recognition_04', 'fast']]),
    async close() {
      await index.close();
      await store.close();
    },
  };
}

export interface SyntheticPerson {
  readonly name: string;
  readonly vectors: readonly Float32Array[];
}

/** Enrols all and waits until they can be found; answers the persons' ids, in their order. */
export async function enrolSynthetic(
  { store, vault, follower }: SyntheticParts,
  ref: GalleryRef,
  people: readonly SyntheticPerson[],
): Promise<readonly string[]> {
  const batch = people.map(({ name, vectors }) => {
    const wrappedKey = vault.newPersonKey(ref.tenantId);
    const enrolments = vectors.map((vector) => ({
      enrolmentId: randomUUID(),
      box: { leftPx: 0, topPx: 0, widthPx: 100, heightPx: 100 },
      quality: { level: 'high' as const, reasons: [] },
      packId: SYNTHETIC_PACK.packId,
      sealedTemplate: vault.sealTemplate(ref.tenantId, wrappedKey, vector),
      createdMs: 0,
    }));
    return { person: { personId: randomUUID(), name, wrappedKey, createdMs: 0 }, enrolments };
  });
  await store.importPersons(ref, batch);
  await follower.catchUp();
  return batch.map(({ person }) => person.personId);
}

/** Uniform on the sphere, or on that of its first `freeDims` directions; the same for the same seed. */
export function directions(seed: number, freeDims = SYNTHETIC_PACK.dims): () => Float32Array {
  const random = mulberry32(seed);
  return () => {
    const vector = new Float32Array(SYNTHETIC_PACK.dims);
    for (let i = 0; i < freeDims; i++) {
      // Box–Muller
      vector[i] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    }
    return unit(vector);
  };
}

/** A unit vector with about this cosine to `vector`. */
export function near(vector: Float32Array, cosine: number, direction: () => Float32Array): Float32Array {
  const other = direction();
  return unit(vector.map((x, i) => cosine * x + Math.sqrt(1 - cosine * cosine) * (other[i] as number)));
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
