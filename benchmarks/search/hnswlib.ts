import type { BenchEngine, EngineOptions } from './engine.ts';
import { loadPeer } from './peer.ts';

const M = 32;
const EF_CONSTRUCTION = 200;
const EF_SEARCH = 512;

interface HnswIndex {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; allowReplaceDeleted?: boolean }): void;
  addPoint(vector: number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(vector: number[], k: number, filter?: (label: number) => boolean): { neighbors: number[] };
  markDelete(label: number): void;
}

export async function openHnswlib({ rows, dims }: EngineOptions): Promise<BenchEngine> {
  const { HierarchicalNSW } = (await loadPeer('hnswlib-node')) as {
    HierarchicalNSW: new (space: string, dims: number) => HnswIndex;
  };
  const index = new HierarchicalNSW('ip', dims);
  index.initIndex({ maxElements: rows, m: M, efConstruction: EF_CONSTRUCTION });
  index.setEf(EF_SEARCH);
  return {
    settings: `M ${M}, efConstruction ${EF_CONSTRUCTION}, ef ${EF_SEARCH}, one thread`,
    add(first, vectors) {
      for (const [i, vector] of vectors.entries()) index.addPoint(Array.from(vector), first + i);
    },
    search: (vector, wanted) => index.searchKnn(Array.from(vector), wanted).neighbors,
    searchAmong(vector, wanted, allowed) {
      const labels = new Set(allowed);
      return index.searchKnn(Array.from(vector), Math.min(wanted, labels.size), (label) => labels.has(label)).neighbors;
    },
    remove: (row) => index.markDelete(row),
    close: () => undefined,
  };
}
