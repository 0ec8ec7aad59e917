// npm run bench:accuracy -- <folder>: verification accuracy over a folder in the layout of Labeled Faces in the Wild
// (Name/Name_0001.jpg and pairs.txt), through the same engine that the service runs.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { confidenceOf } from '../src/core/score.ts';
import type { AnalysedImage, Face, ModelPack } from '../src/core/types.ts';
import { createFaceEngine, type PooledFaceEngine } from '../src/vision/face-engine.ts';
import { type Protocol, parsePairs } from './lfw-pairs.ts';
import { printHeading, writeResults } from './report.ts';
import { accuracyAt, crossValidate, type ScoredPair, type TarAtFar, tarAtFar } from './verification.ts';

const FAR_LEVELS = [1e-2, 1e-3];
/** Score of a pair of which a photo showed no face: never accepted. */
const NO_FACE_SCORE = -1;

const folder = process.argv[2];
if (!folder) throw new Error('usage: npm run bench:accuracy -- <folder with pairs.txt>');

const protocol = parsePairs(await readFile(join(folder, 'pairs.txt'), 'utf8'));
printHeading(`Verification accuracy, ${protocol.pairs.length} pairs of ${folder}`);
const processes = availableParallelism();
const engine = await createFaceEngine({ processes, maxQueued: 4 * processes });
const packs = [];
for (const pack of engine.packs) packs.push(await measurePack(engine, pack, protocol));
await engine.close();
console.log(`\nwritten to ${writeResults('accuracy', { packs })}`);

async function measurePack(engine: PooledFaceEngine, pack: ModelPack, { pairs, foldsGiven }: Protocol) {
  const photos = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))];
  const vectors = new Map<string, Float32Array>();
  await eachOf(photos, async (photo, done) => {
    const image = await readFile(join(folder as string, photo));
    const analysed = await engine.analyse(image, { packId: pack.packId, maxFaces: 100, measure: false, embed: true });
    const face = subjectOf(analysed);
    if (face?.template) vectors.set(photo, face.template.vector);
    if (process.stderr.isTTY) process.stderr.write(`\r${pack.packId}: ${done} of ${photos.length} photos`);
  });
  if (process.stderr.isTTY) process.stderr.write('\n');

  const scored: ScoredPair[] = pairs.map(({ first, second, samePerson, fold }) => ({
    score: score(vectors.get(first), vectors.get(second)),
    samePerson,
    fold,
  }));
  const { accuracy, deviation, thresholds } = crossValidate(scored);
  const fixedThreshold = pack.calibration.midpointScore;
  const fixed = accuracyAt(scored, fixedThreshold);
  const tar: Record<string, TarAtFar> = Object.fromEntries(
    FAR_LEVELS.map((far) => [far.toExponential(), tarAtFar(scored, far)]),
  );
  const failedToDetect = photos.length - vectors.size;

  console.log(`pack ${pack.packId} ${pack.version}, ${photos.length} photos, ${pairs.length} pairs`);
  console.log(`  photos without a face            ${failedToDetect}`);
  const folds = foldsGiven ? "the file's ten folds" : 'one set dealt into ten folds';
  console.log(`  accuracy, cross-validated        ${percent(accuracy)} ± ${percent(deviation)} (${folds})`);
  console.log(
    `  accuracy at the default ${fixedThreshold}     ${percent(fixed)} (confidence ${confidenceOf(fixedThreshold, pack.calibration)})`,
  );
  for (const [far, rate] of Object.entries(tar)) {
    console.log(
      `  TAR at FAR ${far}                 ${percent(rate.tar)} (${rate.accepted} of ${rate.genuine} genuine; ` +
        `${rate.falseAccepts} of ${rate.impostors} impostors, above ${rate.threshold.toFixed(3)})`,
    );
  }
  return {
    pack: pack.packId,
    verification: {
      pairs: pairs.length,
      accuracy,
      tarAtFar: Object.fromEntries(Object.entries(tar).map(([far, rate]) => [far, rate.tar])),
      tarAtFarCounts: tar,
      failedToDetect,
      photos: photos.length,
      accuracyMeans: `mean over ten folds, each at the threshold best for the other nine (${folds})`,
      deviation,
      thresholds,
      fixedThreshold: { threshold: fixedThreshold, accuracy: fixed },
    },
  };
}

/** The person a photo of this layout is about stands nearest its centre. */
function subjectOf({ faces, widthPx, heightPx }: AnalysedImage): Face | undefined {
  const distance = ({ box }: Face): number =>
    Math.hypot(box.leftPx + box.widthPx / 2 - widthPx / 2, box.topPx + box.heightPx / 2 - heightPx / 2);
  return [...faces].sort((a, b) => distance(a) - distance(b))[0];
}

function score(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) return NO_FACE_SCORE;
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

/** Keeps the engine busy without filling its queue. */
async function eachOf(photos: readonly string[], work: (photo: string, done: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < photos.length; i = next++) await work(photos[i] as string, i + 1);
  };
  await Promise.all(Array.from({ length: 2 * processes }, lane));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
