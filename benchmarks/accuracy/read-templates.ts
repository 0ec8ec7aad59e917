// Every photo read by each pack, as it is and as in a mirror.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { AnalysedImage, Face, QualityLevel } from '../../src/core/types.ts';
import type { PooledFaceEngine } from '../../src/vision/face-engine.ts';

export interface ReadPhoto {
  readonly photo: string;
  readonly quality: QualityLevel;
  /** By pack; those of the mirrored photo under `<pack> mirrored`. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

export const mirrored = (packId: string): string => `${packId} mirrored`;

/** Photos without a face are left out. */
export async function readTemplates(
  engine: PooledFaceEngine,
  photos: readonly string[],
  options: { readonly folder: string; readonly lanes: number; readonly packIds: readonly string[] },
): Promise<ReadonlyMap<string, ReadPhoto>> {
  const read = new Map<string, ReadPhoto>();
  let done = 0;
  await eachOf(photos, options.lanes, async (photo) => {
    const image = await readFile(join(options.folder, photo));
    const mirror = await sharp(image).flop().png({ compressionLevel: 1 }).toBuffer();
    const vectors = new Map<string, Float32Array>();
    let quality: QualityLevel | undefined;
    for (const packId of options.packIds) {
      for (const [name, bytes] of [
        [packId, image],
        [mirrored(packId), mirror],
      ] as const) {
        const measure = quality === undefined;
        const face = subjectOf(await engine.analyse(bytes, { packId, maxFaces: 100, measure, embed: true }));
        if (face?.template) vectors.set(name, face.template.vector);
        if (face?.quality) quality ??= face.quality.level;
      }
    }
    if (quality !== undefined) read.set(photo, { photo, quality, vectors });
    if (process.stderr.isTTY) process.stderr.write(`\r${++done} of ${photos.length} photos`);
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  return read;
}

/** The person a photo of this layout is about stands nearest its centre. */
function subjectOf({ faces, widthPx, heightPx }: AnalysedImage): Face | undefined {
  const distance = ({ box }: Face): number =>
    Math.hypot(box.leftPx + box.widthPx / 2 - widthPx / 2, box.topPx + box.heightPx / 2 - heightPx / 2);
  return [...faces].sort((a, b) => distance(a) - distance(b))[0];
}

/** Keeps the engine busy without filling its queue. */
async function eachOf<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
