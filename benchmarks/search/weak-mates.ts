import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { DIMS, galleryBatches, openGallery } from './dataset.ts';

const COSINES = [0.3, 0.35, 0.4, 0.45, 0.5, 0.6];
const ROUNDING = 0.0025;
/** The 8-bit score of a mate must be above this to be sure to reach the least score asked for. */
const BELOW = 0.005;

export interface WeakMates {
  readonly cosine: number;
  readonly searches: number;
  /** The mate was in the answer, or somebody closer was and the mate fell behind. */
  readonly found: number;
  readonly p50Ms: number;
}

/**
 * Mates at exactly one cosine, searched for with a least score just below it: the sketches' hardest case, since every
 * mate is a weak one. Noise comes from other templates of the gallery, at a right angle to the mate.
 */
export async function measureWeakMates(
  folder: string,
  rows: number,
  searches: number,
): Promise<{ readonly weakMates: readonly WeakMates[]; readonly recallStats: object }> {
  const index = await createGalleryIndex();
  const gallery = openGallery(folder);
  try {
    for (const { first, vectors } of galleryBatches(folder, rows)) {
      const added = vectors.map((vector, i) => ({ personNo: first + i, enrolmentNo: first + i + 1, vector }));
      await index.add(1, added);
    }
    const weakMates: WeakMates[] = [];
    for (const cosine of COSINES) {
      const ms: number[] = [];
      let found = 0;
      let next = 0;
      const goOn = async (): Promise<void> => {
        for (let i = next++; i < searches; i = next++) {
          const row = Math.floor((i * 7919 + cosine * 1000) % rows);
          const mate = gallery.vector(row);
          const vector = atCosine(mate, gallery.vector((row + 104_729) % rows), cosine);
          const startMs = performance.now();
          const { hits } = await index.search(1, { vector, maxPersons: 1, minScore: cosine - BELOW });
          ms.push(performance.now() - startMs);
          const [hit] = hits;
          if (hit && (hit.personNo === row || hit.score > cosine - ROUNDING)) found++;
        }
      };
      await Promise.all([goOn(), goOn()]);
      weakMates.push({ cosine, searches, found, p50Ms: ms.sort((a, b) => a - b)[ms.length >> 1] ?? Number.NaN });
    }
    return { weakMates, recallStats: index.stats().recall };
  } finally {
    gallery.close();
    await index.close();
  }
}

function atCosine(mate: Float32Array, other: Float32Array, cosine: number): Float32Array {
  let along = 0;
  for (let i = 0; i < DIMS; i++) along += (mate[i] as number) * (other[i] as number);
  const across = other.map((value, i) => value - along * (mate[i] as number));
  const length = Math.sqrt(across.reduce((sum, value) => sum + value * value, 0));
  const share = Math.sqrt(1 - cosine ** 2) / length;
  return mate.map((value, i) => cosine * value + share * (across[i] as number));
}
