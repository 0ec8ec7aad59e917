import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import type { BenchEngine, EngineOptions } from './engine.ts';

const GALLERY = 1;

export async function openKith(_options: EngineOptions, exact: boolean): Promise<BenchEngine> {
  const index = await createGalleryIndex();
  const { kernel, threads } = index.stats();
  return {
    settings: `${exact ? 'exact' : 'two-stage'}, ${threads} threads, ${kernel} kernel, no score asked for`,
    add: (first, vectors) =>
      index.add(
        GALLERY,
        vectors.map((vector, i) => ({ personNo: first + i, enrolmentNo: first + i + 1, vector })),
      ),
    async search(vector, wanted) {
      const { hits } = await index.search(GALLERY, { vector, maxPersons: wanted, minScore: -1, exact });
      return hits.map(({ personNo }) => personNo);
    },
    async searchAmong(vector, wanted, allowed) {
      const query = { vector, maxPersons: wanted, minScore: -1, exact, allowPersonNos: allowed };
      return (await index.search(GALLERY, query)).hits.map(({ personNo }) => personNo);
    },
    remove: (row) => index.remove(GALLERY, [row + 1]),
    close: () => index.close(),
  };
}
