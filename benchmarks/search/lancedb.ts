import type { BenchEngine, EngineOptions } from './engine.ts';
import { loadPeer } from './peer.ts';

const PROBES = 20;
const PARTITIONS = 24;
const REFINE = 10;

interface LanceQuery {
  distanceType(type: string): LanceQuery;
  nprobes(count: number): LanceQuery;
  refineFactor(factor: number): LanceQuery;
  where(condition: string): LanceQuery;
  select(columns: string[]): LanceQuery;
  limit(count: number): LanceQuery;
  toArray(): Promise<{ row: number }[]>;
}
interface LanceTable {
  add(rows: readonly { row: number; vector: readonly number[] }[]): Promise<void>;
  createIndex(column: string, options: { config: unknown }): Promise<void>;
  vectorSearch(vector: readonly number[]): LanceQuery;
  delete(condition: string): Promise<void>;
}
interface Lance {
  connect(path: string): Promise<{
    createTable(name: string, rows: readonly object[]): Promise<LanceTable>;
    close(): void;
  }>;
  Index: { ivfRq(options: object): unknown };
}

export async function openLance({ folder }: EngineOptions): Promise<BenchEngine> {
  const lance = (await loadPeer('@lancedb/lancedb')) as unknown as Lance;
  const connection = await lance.connect(folder);
  let table: LanceTable | undefined;
  const opened = (): LanceTable => {
    if (!table) throw new Error('nothing was added yet');
    return table;
  };
  const query = (vector: Float32Array, wanted: number): LanceQuery =>
    opened()
      .vectorSearch(Array.from(vector))
      .distanceType('dot')
      .nprobes(PROBES)
      .refineFactor(REFINE)
      .select(['row'])
      .limit(wanted);
  return {
    settings: `IVF RQ, ${PROBES} of ${PARTITIONS} partitions, refined ×${REFINE}`,
    async add(first, vectors) {
      const rows = vectors.map((vector, i) => ({ row: first + i, vector: Array.from(vector) }));
      if (table) await table.add(rows);
      else table = await connection.createTable('rows', rows);
    },
    async finish() {
      const config = lance.Index.ivfRq({ distanceType: 'dot', numPartitions: PARTITIONS });
      await opened().createIndex('vector', { config });
    },
    search: async (vector, wanted) => (await query(vector, wanted).toArray()).map(({ row }) => Number(row)),
    remove: (row) => opened().delete(`row = ${row}`),
    close: () => connection.close(),
  };
}
