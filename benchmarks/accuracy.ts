// npm run bench:accuracy -- <folder>: how well faces are told apart, over a folder in the layout of Labeled Faces in the
// Wild (Name/Name_0001.jpg and pairs.txt), through the engine that the service runs: 1:1, 1:N with people held out, and
// whether galleries keep the rate they promise. Beside the pack that ships, what a stronger one could be made of.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkCalibration } from '../src/core/evaluation/check-calibration.ts';
import { compareFaces } from '../src/core/evaluation/face-comparisons.ts';
import type { LabelledFace } from '../src/core/evaluation/labelled-face.ts';
import { seededRandom } from '../src/core/statistics/seeded-random.ts';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { CATALOGUE } from '../src/vision/model-catalogue.ts';
import { addPack } from '../src/vision/models-folder.ts';
import { writeDlibPack } from '../tests/support/dlib-network/write-dlib-pack.ts';
import { embeddingCosts } from './accuracy/embedding-cost.ts';
import { type OpenSetFigures, openSetFigures } from './accuracy/open-set.ts';
import { mirrored, type ReadPhoto, readTemplates } from './accuracy/read-templates.ts';
import { checkShippedTail } from './accuracy/shipped-tail.ts';
import { type Protocol, parsePairs } from './lfw-pairs.ts';
import { printHeading, writeResults } from './report.ts';
import { accuracyAt, crossValidate, type ScoredPair, tarAtFar } from './verification.ts';

const FAR_LEVELS = [1e-2, 1e-3];
const TARGETS = [0.1, 0.03, 0.01];
const CALIBRATION_TRIALS = 10;
/** Score of a pair of which a photo showed no face: never accepted. */
const NO_FACE_SCORE = -1;
const COSTED_PHOTOS = 40;
const FAST = 'fast';
const DLIB = 'dlib';

/** Ways to make a template of a photo: the pack that ships first, then what was tried beside it. */
const VARIANTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  [FAST]: [[FAST]],
  'fast and its mirror image': [[FAST, mirrored(FAST)]],
  'the same joined with dlib’s ResNet': [
    [FAST, mirrored(FAST)],
    [DLIB, mirrored(DLIB)],
  ],
  'dlib’s ResNet alone': [[DLIB]],
};

const folder = process.argv[2];
if (!folder) throw new Error('usage: npm run bench:accuracy -- <folder with pairs.txt>');
const calibration = CATALOGUE.find(({ packId }) => packId === FAST)?.calibration;
if (!calibration) throw new Error('the pack that ships is missing');

const protocol = parsePairs(await readFile(join(folder, 'pairs.txt'), 'utf8'));
const photos = [...new Set(protocol.pairs.flatMap(({ first, second }) => [first, second]))].sort();
printHeading(`Accuracy, ${protocol.pairs.length} pairs of ${photos.length} photos in ${folder}`);
const processes = availableParallelism();
const modelsDir = await mkdtemp(join(tmpdir(), 'kith-accuracy-'));
await addPack(modelsDir, await writeDlibPack(join(modelsDir, '.brought')));
const added = { modelsDir, packIds: [DLIB] };
const engine = await createFaceEngine({ processes, maxQueued: 8 * processes, added });
const packIds = [FAST, DLIB];
const costs = await embeddingCosts(engine, photos.slice(0, COSTED_PHOTOS), { folder, packIds });
const read = await readTemplates(engine, photos, { folder, lanes: 2 * processes, packIds });
await engine.close();
await rm(modelsDir, { recursive: true });

const variants = new Map(
  Object.entries(VARIANTS).map(([name, parts]) => [
    name,
    new Map([...read].map(([photo, found]) => [photo, templateOf(found, parts)])),
  ]),
);
const openSet = await openSetFigures(
  new Map([...variants].map(([name, vectors]) => [name, labelled([...read.values()], vectors)])),
);
const fastFaces = await compareFaces(labelled([...read.values()], templatesOf(FAST)));
const promised = promisedRates();
const shippedTail = checkShippedTail(fastFaces, calibration);
const packs = [...variants].map(([name, vectors]) => ({
  pack: name,
  embeddingCost: costOf(VARIANTS[name] ?? []),
  verification: verificationOf(protocol, vectors),
  openSet: openSet.get(name) as OpenSetFigures,
}));
const report = markdown();
console.log(report);
await writeFile(fileURLToPath(new URL('./results/accuracy.md', import.meta.url)), report);
console.log(`written to ${writeResults('accuracy', { photos: photos.length, packs, promised, shippedTail })}`);

/** Each part a sum of unit vectors made a unit vector again; several are joined with equal weight. */
function templateOf({ vectors }: ReadPhoto, parts: readonly (readonly string[])[]): Float32Array {
  const units = parts.map((names) => {
    const found = names.flatMap((name) => vectors.get(name) ?? []);
    const dims = found[0]?.length ?? 0;
    return unit(
      Float32Array.from({ length: dims }, (_, i) => found.reduce((sum, vector) => sum + (vector[i] as number), 0)),
    );
  });
  return unit(Float32Array.from(units.flatMap((vector) => [...vector])));
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function labelled(found: readonly ReadPhoto[], vectors: ReadonlyMap<string, Float32Array>): LabelledFace[] {
  return found.map(({ photo, quality }) => ({
    personName: photo.split('/')[0] ?? photo,
    file: photo,
    vector: vectors.get(photo) as Float32Array,
    qualityLevel: quality,
    enrollable: quality !== 'low',
  }));
}

function templatesOf(variant: string): ReadonlyMap<string, Float32Array> {
  return variants.get(variant) ?? new Map();
}

/** Galleries of the pack that ships, each with its own tail, and strangers that no tail was fitted to. */
function promisedRates() {
  const all = Math.floor((fastFaces.personNames.length * 2) / 3);
  return [100, 300, all].flatMap((enrolledPersons) =>
    checkCalibration(fastFaces, {
      random: seededRandom(enrolledPersons),
      calibration: calibration as NonNullable<typeof calibration>,
      enrolledPersons,
      targets: TARGETS,
      trials: CALIBRATION_TRIALS,
      facesAPerson: 1,
    }),
  );
}

function costOf(parts: readonly (readonly string[])[]): number {
  const cost = parts.flat().reduce((sum, name) => sum + (costs.get(name.startsWith(FAST) ? FAST : DLIB) ?? 0), 0);
  return cost / (costs.get(FAST) ?? 1);
}

function verificationOf({ pairs, foldsGiven }: Protocol, vectors: ReadonlyMap<string, Float32Array>) {
  const scored: ScoredPair[] = pairs.map(({ first, second, samePerson, fold }) => ({
    score: score(vectors.get(first), vectors.get(second)),
    samePerson,
    fold,
  }));
  const { accuracy, deviation, thresholds } = crossValidate(scored);
  const fixedThreshold = (calibration as NonNullable<typeof calibration>).midpointScore;
  return {
    pairs: pairs.length,
    accuracy,
    accuracyMeans: `mean over ten folds, each at the threshold best for the other nine (${foldsGiven ? "the file's ten folds" : 'one set dealt into ten folds'})`,
    deviation,
    thresholds,
    fixedThreshold: { threshold: fixedThreshold, accuracy: accuracyAt(scored, fixedThreshold) },
    tarAtFar: Object.fromEntries(FAR_LEVELS.map((far) => [far.toExponential(), tarAtFar(scored, far)])),
    photos: photos.length,
    failedToDetect: photos.length - vectors.size,
  };
}

function score(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) return NO_FACE_SCORE;
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

function markdown(): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n');
  const { enrolled, matedSearches, matedPersons, strangerSearches, strangers } = (packs[0] as (typeof packs)[number])
    .openSet;
  return `1:1, ${protocol.pairs.length} pairs of ${photos.length} photos (${photos.length - read.size} without a face):

${table(
  ['template', 'accuracy, ten folds', ...FAR_LEVELS.map((far) => `TAR at FAR ${far.toExponential()}`)],
  packs.map(({ pack, verification: { accuracy, deviation, tarAtFar: tar } }) => [
    pack,
    `${percent(accuracy)} ± ${percent(deviation)}`,
    ...FAR_LEVELS.map((far) => {
      const rate = tar[far.toExponential()];
      return rate ? `${rate.accepted} of ${rate.genuine}` : '';
    }),
  ]),
)}

1:N, open set, one photo a person, N = ${enrolled}; 40 draws, ${matedSearches} searches for ${matedPersons} enrolled people,
${strangerSearches} for ${strangers} strangers; FNIR and its 95 % bootstrap interval over people, and the share of the first row's:

${table(
  [
    'template',
    'time a face',
    ...(packs[0]?.openSet.rows ?? []).map(({ fpir }) => `FNIR at FPIR ${fpir}`),
    'share at 0.01',
  ],
  packs.map(({ pack, embeddingCost, openSet: { rows } }) => [
    pack,
    `× ${embeddingCost.toFixed(1)}`,
    ...rows.map(({ fnir, fnirInterval: [low, high] }) => `${percent(fnir)} (${percent(low)} to ${percent(high)})`),
    (({ ratio, ratioInterval: [low, high] }) => `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`)(
      rows.at(-1) as (typeof rows)[number],
    ),
  ]),
)}

Is the promised rate met? Galleries of one photo a person with a tail of their own, ten draws each; strangers' share, and
the mean of the stated 90 % intervals:

${table(
  ['target', 'people', 'measured', 'stated', 'threshold', 'searches for strangers'],
  promised.map(
    ({ targetFpir, persons, measuredFpir, statedInterval: { lower, upper }, meanThreshold, strangerSearches: n }) => [
      String(targetFpir),
      String(persons),
      measuredFpir.toFixed(3),
      `${lower.toFixed(3)} to ${upper.toFixed(3)}`,
      meanThreshold.toFixed(3),
      String(n),
    ],
  ),
)}

Is the tail that ships the tail of these photos? All ${shippedTail[0]?.pairs.toLocaleString('en')} pairs of two people, 95 % bootstrap interval over people
(where none was seen, the rule of three):

${table(
  ['score', 'shipped rate', 'counted', 'interval'],
  shippedTail.map(({ score, shippedRate, countedRate, countedInterval: [low, high] }) => [
    score.toFixed(3),
    shippedRate.toExponential(1),
    countedRate.toExponential(1),
    `${low.toExponential(1)} to ${high.toExponential(1)}`,
  ]),
)}
`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
