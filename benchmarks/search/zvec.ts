import { join } from 'node:path';
import type { BenchEngine, EngineOptions } from './engine.ts';
import { loadPeer } from './peer.ts';

interface Collection {
  insertSync(documents: readonly object[]): unknown;
  querySync(query: object): { id: string }[];
  deleteSync(id: string): unknown;
  optimizeSync(): void;
  closeSync(): void;
}
interface Zvec {
  ZVecCreateAndOpen(path: string, schema: object): Collection;
  ZVecCollectionSchema: new (options: object) => object;
  ZVecDataType: { VECTOR_FP32: number };
  ZVecIndexType: { FLAT: number };
  ZVecMetricType: { IP: number };
  ZVecQuantizeType: { INT8: number };
}

const BATCH_DOCUMENTS = 500;

export async function openZvec({ dims, folder }: EngineOptions): Promise<BenchEngine> {
  const zvec = (await loadPeer('@zvec/zvec')) as unknown as Zvec;
  const schema = new zvec.ZVecCollectionSchema({
    name: 'rows',
    vectors: {
      name: 'template',
      dataType: zvec.ZVecDataType.VECTOR_FP32,
      dimension: dims,
      indexParams: {
        indexType: zvec.ZVecIndexType.FLAT,
        metricType: zvec.ZVecMetricType.IP,
        quantizeType: zvec.ZVecQuantizeType.INT8,
      },
    },
  });
  const collection = zvec.ZVecCreateAndOpen(join(folder, 'zvec'), schema);
  return {
    settings: 'flat, int8, inner product',
    add(first, vectors) {
      for (let from = 0; from < vectors.length; from += BATCH_DOCUMENTS) {
        const part = vectors.slice(from, from + BATCH_DOCUMENTS);
        collection.insertSync(
          part.map((vector, i) => ({ id: String(first + from + i), vectors: { template: Array.from(vector) } })),
        );
      }
    },
    finish: () => collection.optimizeSync(),
    search: (vector, wanted) =>
      collection
        .querySync({ fieldName: 'template', vector: Array.from(vector), topk: wanted })
        .map(({ id }) => Number(id)),
    remove: (row) => void collection.deleteSync(String(row)),
    close: () => collection.closeSync(),
  };
}
