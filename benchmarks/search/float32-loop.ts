import type { BenchEngine, EngineOptions } from './engine.ts';

/** What one would write oneself: all vectors in one Float32Array, a loop, a sorted list of the best. */
export function openLoop({ rows, dims }: EngineOptions): BenchEngine {
  const vectors = new Float32Array(rows * dims);
  const removed = new Uint8Array(rows);
  const scan = (query: Float32Array, wanted: number, allowed: Uint8Array | undefined): number[] => {
    const best: { row: number; score: number }[] = [];
    for (let row = 0; row < rows; row++) {
      if (removed[row] === 1 || (allowed && allowed[row] === 0)) continue;
      const at = row * dims;
      let score = 0;
      for (let i = 0; i < dims; i++) score += (query[i] as number) * (vectors[at + i] as number);
      if (best.length === wanted && score <= (best[wanted - 1]?.score ?? 0)) continue;
      best.push({ row, score });
      best.sort((a, b) => b.score - a.score);
      best.length = Math.min(best.length, wanted);
    }
    return best.map(({ row }) => row);
  };
  return {
    settings: 'one thread',
    add(first, batch) {
      for (const [i, vector] of batch.entries()) vectors.set(vector, (first + i) * dims);
    },
    search: (query, wanted) => scan(query, wanted, undefined),
    searchAmong(query, wanted, allowed) {
      const isAllowed = new Uint8Array(rows);
      for (const row of allowed) isAllowed[row] = 1;
      return scan(query, wanted, isAllowed);
    },
    remove(row) {
      removed[row] = 1;
    },
    close: () => undefined,
  };
}
