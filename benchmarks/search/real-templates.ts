import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createFaceEngine } from '../../src/vision/face-engine.ts';
import type { RealTemplates } from './dataset.ts';

/**
 * Templates of all photos in a folder with a folder a person: the first photo of each is enrolled, the others are
 * searched with. In each photo the face nearest the middle is taken.
 */
export async function readRealTemplates(folder: string, packId: string): Promise<RealTemplates> {
  const processes = availableParallelism();
  const engine = await createFaceEngine({ processes, maxQueued: 4 * processes });
  try {
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const people = await Promise.all(
      names.map(async ({ name }) => (await readdir(join(folder, name))).sort().map((file) => join(folder, name, file))),
    );
    const vectors = new Map<string, Float32Array>();
    const photos = people.flat();
    let next = 0;
    const goOn = async (): Promise<void> => {
      for (let i = next++; i < photos.length; i = next++) {
        const photo = photos[i] as string;
        const image = await readFile(photo);
        const { faces, widthPx, heightPx } = await engine.analyse(image, {
          packId,
          maxFaces: 100,
          measure: false,
          embed: true,
        });
        const distance = ({ box }: (typeof faces)[number]): number =>
          Math.hypot(box.leftPx + box.widthPx / 2 - widthPx / 2, box.topPx + box.heightPx / 2 - heightPx / 2);
        const [nearest] = [...faces].sort((a, b) => distance(a) - distance(b));
        if (nearest?.template) vectors.set(photo, nearest.template.vector);
      }
    };
    await Promise.all(Array.from({ length: 2 * processes }, goOn));

    const enrolled: Float32Array[] = [];
    const probes: { vector: Float32Array; row: number }[] = [];
    for (const own of people) {
      const [first, ...others] = own.flatMap((photo) => vectors.get(photo) ?? []);
      if (!first) continue;
      for (const vector of others) probes.push({ vector, row: enrolled.length });
      enrolled.push(first);
    }
    return { enrolled, probes };
  } finally {
    await engine.close();
  }
}
