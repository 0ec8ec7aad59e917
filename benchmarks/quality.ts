// npm run bench:quality -- <folder>: what photos may suffer before mated pairs are lost, and whether the measurements
// notice. The second photo of each mated pair (a folder in the layout of Labeled Faces in the Wild) is spoilt step by
// step. Also: how pose repeats in mirrored and turned photos.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { compareTemplates } from '../src/core/score.ts';
import type { AnalysedImage, Face, Point, QualityLevel } from '../src/core/types.ts';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { parsePairs } from './lfw-pairs.ts';
import { printHeading, writeResults } from './report.ts';

const MAX_PAIRS = 250;
const EVERYTHING = { packId: 'fast', maxFaces: 100, measure: true, embed: true } as const;

type Spoil = (photo: Buffer, face: Face) => Promise<Buffer>;
const SPOILS: Readonly<Record<string, Spoil>> = {
  'as it is': async (photo) => photo,
  ...Object.fromEntries([1, 2, 3, 4].map((sigma) => [`blur, sigma ${sigma} px`, blur(sigma)])),
  ...Object.fromEntries([10, 20, 30].map((sigma) => [`noise, sigma ${sigma}`, addNoise(sigma)])),
  ...Object.fromEntries([0.3, 0.2, 0.1].map((factor) => [`light × ${factor}`, lighten(factor)])),
  ...Object.fromEntries([2, 3].map((factor) => [`light × ${factor}`, lighten(factor)])),
  ...Object.fromEntries([0.5, 0.3, 0.2, 0.15].map((scale) => [`size × ${scale}`, shrink(scale)])),
  ...Object.fromEntries(
    (['#f2f2f0', '#a9cfe0', '#262628', '#d9c2a8'] as const).map((colour) => [
      `mask drawn, ${colour}`,
      drawMask(colour),
    ]),
  ),
};

const folder = process.argv[2];
if (!folder) throw new Error('usage: npm run bench:quality -- <folder with pairs.txt>');
printHeading(`Spoilt photos of ${folder}`);
const processes = availableParallelism();
const engine = await createFaceEngine({ processes });
const mated = parsePairs(await readFile(join(folder, 'pairs.txt'), 'utf8')).pairs.filter(
  ({ samePerson }) => samePerson,
);
const every = Math.ceil(mated.length / MAX_PAIRS);
const pairs = await eachOf(
  mated.filter((_, i) => i % every === 0),
  async ({ first, second }) => {
    const photo = await readFile(join(folder, second));
    const [reference, face] = await Promise.all([readFile(join(folder, first)).then(subject), subject(photo)]);
    if (!reference || !face) throw new Error(`no face in ${first} or ${second}`);
    return { reference, face, photo };
  },
);
const threshold = engine.packs[0]?.calibration.midpointScore ?? 0;
const rows = [];
for (const [name, spoil] of Object.entries(SPOILS)) rows.push(await measure(name, spoil));
console.table(Object.fromEntries(rows.map(({ name, ...row }) => [name, row])));
const pose = await measurePose();
console.table(pose);
await engine.close();
console.log(`written to ${writeResults('quality', { pairs: pairs.length, threshold, rows, pose })}`);

async function measure(name: string, spoil: Spoil) {
  const faces = await eachOf(pairs, async ({ photo, face }) => subject(await spoil(photo, face)));
  const found = faces.flatMap((face, i) => (face ? [{ face, reference: pairs[i]?.reference as Face }] : []));
  const lost = found.filter(({ face, reference }) => scoreOf(face, reference) < threshold).length;
  const share = (level: QualityLevel): number => found.filter(({ face }) => face.quality?.level === level).length;
  const median = (pick: (face: Face) => number): number => round(middle(found.map(({ face }) => pick(face))));
  return {
    name,
    noFace: faces.length - found.length,
    /** Of the pairs in which a face was found, at the default threshold, percent. */
    'FNMR %': round((100 * lost) / found.length),
    score: round(middle(found.map(({ face, reference }) => scoreOf(face, reference)))),
    length: median(({ measurements }) => measurements?.templateLength ?? Number.NaN),
    blur: median(({ measurements }) => measurements?.blur ?? Number.NaN),
    noise: median(({ measurements }) => measurements?.noise ?? Number.NaN),
    exposure: median(({ measurements }) => measurements?.exposure ?? Number.NaN),
    maskSeen: found.filter(({ face }) => (face.measurements?.mask ?? 0) > 0.5).length,
    high: share('high'),
    medium: share('medium'),
    low: share('low'),
  };
}

/** Degrees: how far yaw changes sign in a mirrored photo, and how exactly roll follows a turned one. */
async function measurePose() {
  const mirrored = await eachOf(pairs, async ({ photo }) => subject(await sharp(photo).flop().png().toBuffer()));
  const yaw = differences(mirrored, (there, here) => Math.abs(there.yawDeg + here.yawDeg) / 2);
  const pitch = differences(mirrored, (there, here) => Math.abs(there.pitchDeg - here.pitchDeg));
  const table: Record<string, object> = { 'mirrored: yaw': yaw, 'mirrored: pitch': pitch };
  for (const angle of [-30, -15, 15, 30]) {
    const turned = await eachOf(pairs, async ({ photo }) =>
      subject(await sharp(photo).rotate(angle, { background: '#000' }).png().toBuffer()),
    );
    table[`turned by ${angle}: roll`] = differences(turned, (there, here) =>
      Math.abs(there.rollDeg - here.rollDeg - angle),
    );
  }
  return table;
}

type Pose = NonNullable<Face['measurements']>['pose'];

function differences(faces: readonly (Face | undefined)[], difference: (there: Pose, here: Pose) => number) {
  const values = faces.flatMap((face, i) => {
    const [there, here] = [face?.measurements?.pose, pairs[i]?.face.measurements?.pose];
    return there && here ? [difference(there, here)] : [];
  });
  values.sort((a, b) => a - b);
  return {
    n: values.length,
    median: round(middle(values)),
    p95: round(values[Math.floor(values.length * 0.95)] ?? Number.NaN),
  };
}

/** The face a photo of this layout is about. */
async function subject(photo: Buffer): Promise<Face | undefined> {
  const { faces, widthPx, heightPx }: AnalysedImage = await engine.analyse(photo, EVERYTHING);
  const distance = ({ box }: Face): number =>
    Math.hypot(box.leftPx + (box.widthPx - widthPx) / 2, box.topPx + (box.heightPx - heightPx) / 2);
  return [...faces].sort((a, b) => distance(a) - distance(b))[0];
}

function scoreOf(a: Face, b: Face): number {
  return a.template && b.template ? compareTemplates(a.template, b.template) : Number.NaN;
}

function blur(sigma: number): Spoil {
  return (photo) => sharp(photo).blur(sigma).png().toBuffer();
}

function lighten(factor: number): Spoil {
  return (photo) => sharp(photo).linear(factor, 0).png().toBuffer();
}

function shrink(scale: number): Spoil {
  return async (photo) => {
    const { width } = await sharp(photo).metadata();
    return sharp(photo)
      .resize(Math.round(width * scale))
      .png()
      .toBuffer();
  };
}

function addNoise(sigma: number): Spoil {
  let seed = 1;
  const uniform = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return (seed + 1) / (2 ** 31 + 1);
  };
  return async (photo) => {
    const { data, info } = await sharp(photo).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    for (let i = 0; i < data.length; i++) {
      const gauss = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
      data[i] = Math.min(255, Math.max(0, Math.round((data[i] as number) + sigma * gauss)));
    }
    return sharp(data, { raw: info }).png().toBuffer();
  };
}

/** Over jaw and nose up to its bridge. A drawing: no folds, no shadow, nothing real. */
function drawMask(colour: string): Spoil {
  return async (photo, { landmarks }) => {
    const { width, height } = await sharp(photo).metadata();
    const outline = [...landmarks.slice(1, 16), landmarks[28] as Point];
    const points = outline.map(({ xPx, yPx }) => `${xPx},${yPx}`).join(' ');
    const svg = `<svg width="${width}" height="${height}"><polygon points="${points}" fill="${colour}"/></svg>`;
    return sharp(photo)
      .composite([{ input: Buffer.from(svg) }])
      .png()
      .toBuffer();
  };
}

async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: 2 * processes }, lane));
  return results;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
