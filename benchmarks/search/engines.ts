import type { BenchEngine, EngineOptions } from './engine.ts';

interface EngineEntry {
  readonly open: (options: EngineOptions) => Promise<BenchEngine>;
  /** The engine answers several searches at once. */
  readonly parallel: boolean;
}

/** Named as their packages are. */
export const ENGINES: Readonly<Record<string, EngineEntry>> = {
  kith: { parallel: true, open: async (options) => (await import('./kith.ts')).openKith(options, false) },
  'kith-exact': { parallel: true, open: async (options) => (await import('./kith.ts')).openKith(options, true) },
  'float32-loop': { parallel: false, open: async (options) => (await import('./float32-loop.ts')).openLoop(options) },
  'hnswlib-node': { parallel: false, open: async (options) => (await import('./hnswlib.ts')).openHnswlib(options) },
  usearch: { parallel: false, open: async (options) => (await import('./usearch.ts')).openUsearch(options) },
  'sqlite-vec': { parallel: false, open: async (options) => (await import('./sqlite-vec.ts')).openSqliteVec(options) },
  '@lancedb/lancedb': { parallel: true, open: async (options) => (await import('./lancedb.ts')).openLance(options) },
  zvec: { parallel: false, open: async (options) => (await import('./zvec.ts')).openZvec(options) },
};
