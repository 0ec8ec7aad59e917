import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PooledFaceEngine } from '../../src/vision/face-engine.ts';

const ROUNDS = 3;

/** Milliseconds that a template of each pack takes: photos with it less photos without, by turns; the least of three rounds. */
export async function embeddingCosts(
  engine: PooledFaceEngine,
  photos: readonly string[],
  options: { readonly folder: string; readonly packIds: readonly string[] },
): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const packId of options.packIds) {
      let withMs = 0;
      let withoutMs = 0;
      for (const photo of photos) {
        const image = await readFile(join(options.folder, photo));
        for (const embed of [true, false]) {
          const startMs = performance.now();
          await engine.analyse(image, { packId, maxFaces: 1, measure: false, embed });
          const ms = performance.now() - startMs;
          if (embed) withMs += ms;
          else withoutMs += ms;
        }
      }
      const cost = (withMs - withoutMs) / photos.length;
      costs.set(packId, Math.min(cost, costs.get(packId) ?? Number.POSITIVE_INFINITY));
    }
  }
  return costs;
}
