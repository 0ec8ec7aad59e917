import type { BenchEngine, EngineOptions } from './engine.ts';
import { loadPeer } from './peer.ts';

const CONNECTIVITY = 32;
const EXPANSION_ADD = 200;
const EXPANSION_SEARCH = 512;

interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(vectors: Float32Array, wanted: number, threads: number): { keys: BigUint64Array };
  remove(key: bigint): void;
}

export async function openUsearch({ dims }: EngineOptions): Promise<BenchEngine> {
  const { Index } = (await loadPeer('usearch')) as { Index: new (options: object) => UsearchIndex };
  const index = new Index({
    dimensions: dims,
    metric: 'ip',
    quantization: 'i8',
    connectivity: CONNECTIVITY,
    expansion_add: EXPANSION_ADD,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  });
  return {
    settings: `HNSW int8, M ${CONNECTIVITY}, expansion ${EXPANSION_ADD} / ${EXPANSION_SEARCH}, built by all threads`,
    add(first, vectors) {
      const keys = BigUint64Array.from(vectors, (_, i) => BigInt(first + i));
      const flat = new Float32Array(vectors.length * dims);
      for (const [i, vector] of vectors.entries()) flat.set(vector, i * dims);
      index.add(keys, flat, 0);
    },
    search: (vector, wanted) => Array.from(index.search(vector, wanted, 1).keys, Number),
    remove: (row) => index.remove(BigInt(row)),
    close: () => undefined,
  };
}
