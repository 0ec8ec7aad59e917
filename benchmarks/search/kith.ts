import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { openGallery } from './dataset.ts';
import type { BenchEngine, EngineOptions } from './engine.ts';

const GALLERY = 1;
/** The service asks the index for so many more than are wanted, and orders them by their 32-bit templates. */
const EXTRA_HITS = 8;

export async function openKith({ rows, dataFolder }: EngineOptions, exact: boolean): Promise<BenchEngine> {
  const index = await createGalleryIndex();
  const { kernel, threads } = index.stats();
  const gallery = openGallery(dataFolder);

  /** Those that the file doesn't have: added while searches ran. */
  const newcomers = new Map<number, Float32Array>();

  function closest(vector: Float32Array, found: readonly number[], wanted: number): number[] {
    const scored = found.map((row) => ({ row, score: dot(vector, newcomers.get(row) ?? gallery.vector(row)) }));
    return scored
      .sort((a, b) => b.score - a.score)
      .slice(0, wanted)
      .map(({ row }) => row);
  }

  return {
    settings: `${exact ? 'exact' : 'two-stage'}, ${threads} threads, ${kernel} kernel, no score asked for, best ${EXTRA_HITS} more ordered by 32-bit templates`,
    add(first, vectors) {
      for (const [i, vector] of vectors.entries()) if (first + i >= rows) newcomers.set(first + i, vector);
      return index.add(
        GALLERY,
        vectors.map((vector, i) => ({ personNo: first + i, enrolmentNo: first + i + 1, vector })),
      );
    },
    async search(vector, wanted) {
      const { hits } = await index.search(GALLERY, { vector, maxPersons: wanted + EXTRA_HITS, minScore: -1, exact });
      return closest(
        vector,
        hits.map(({ personNo }) => personNo),
        wanted,
      );
    },
    async searchAmong(vector, wanted, allowed) {
      const query = { vector, maxPersons: wanted + EXTRA_HITS, minScore: -1, exact, allowPersonNos: allowed };
      const { hits } = await index.search(GALLERY, query);
      return closest(
        vector,
        hits.map(({ personNo }) => personNo),
        wanted,
      );
    },
    remove: (row) => index.remove(GALLERY, [row + 1]),
    async close() {
      gallery.close();
      await index.close();
    },
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
