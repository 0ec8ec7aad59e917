// On real photographs: strangers that no tail was fitted to are shown a name as often as the galleries promise.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkCalibration } from '../../src/core/evaluation/check-calibration.ts';
import { compareFaces } from '../../src/core/evaluation/face-comparisons.ts';
import type { LabelledFace } from '../../src/core/evaluation/labelled-face.ts';
import { seededRandom } from '../../src/core/statistics/seeded-random.ts';
import { createFaceEngine } from '../../src/vision/face-engine.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/photos/lfw-dev', import.meta.url));
const TARGETS = [0.1, 0.03, 0.01];

describe.skipIf(!existsSync(FOLDER))('Labeled Faces in the Wild (skipped without ../shared/photos/lfw-dev)', () => {
  test('galleries of 100, 300 and two thirds of all people keep the rate they promise', {
    timeout: 600_000,
  }, async () => {
    const { faces, pack } = await readFaces();
    const comparisons = await compareFaces(faces);
    const all = Math.floor((comparisons.personNames.length * 2) / 3);
    expect(all).toBeGreaterThan(600);
    for (const enrolledPersons of [100, 300, all]) {
      const checks = checkCalibration(comparisons, {
        random: seededRandom(enrolledPersons),
        calibration: pack.calibration,
        enrolledPersons,
        targets: TARGETS,
        trials: 10,
        facesAPerson: 1,
      });
      expect(checks.map(({ targetFpir }) => targetFpir)).toEqual(TARGETS);
      for (const { targetFpir, measuredFpir, statedInterval } of checks) {
        const where = `${targetFpir} at ${enrolledPersons}`;
        expect(measuredFpir, where).toBeGreaterThanOrEqual(statedInterval.lower);
        expect(measuredFpir, where).toBeLessThanOrEqual(statedInterval.upper);
      }
    }
  });
});

/** The face nearest the centre of each photo, which is whom it is named after. */
async function readFaces() {
  const processes = availableParallelism();
  const engine = await createFaceEngine({ processes, maxQueued: 4 * processes });
  const [pack] = engine.packs;
  if (!pack) throw new Error('a pack ships');
  const people = (await readdir(FOLDER, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const photos = await Promise.all(
    people.map(async ({ name }) =>
      (await readdir(join(FOLDER, name))).map((file) => ({ name, file: join(name, file) })),
    ),
  );
  const faces: LabelledFace[] = [];
  const queue = photos.flat().sort((a, b) => (a.file < b.file ? -1 : 1));
  const lane = async (): Promise<void> => {
    for (let photo = queue.pop(); photo; photo = queue.pop()) {
      const image = await readFile(join(FOLDER, photo.file));
      const options = { packId: pack.packId, maxFaces: 100, measure: true, embed: true };
      const { faces: found, widthPx, heightPx } = await engine.analyse(image, options);
      const distance = ({ box }: (typeof found)[number]) =>
        Math.hypot(box.leftPx + box.widthPx / 2 - widthPx / 2, box.topPx + box.heightPx / 2 - heightPx / 2);
      const [face] = [...found].sort((a, b) => distance(a) - distance(b));
      if (!face?.template || !face.quality) continue;
      faces.push({
        personName: photo.name,
        file: photo.file,
        vector: face.template.vector,
        qualityLevel: face.quality.level,
        enrollable: face.quality.level !== 'low',
      });
    }
  };
  await Promise.all(Array.from({ length: 2 * processes }, lane));
  await engine.close();
  faces.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { faces, pack };
}
