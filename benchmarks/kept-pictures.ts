// npm run bench:kept-pictures -- <folder>: what a gallery loses when its faces are read anew from the pictures it keeps, as
// a change of model does. A folder in the layout of Labeled Faces in the Wild (Name/Name_0001.jpg and pairs.txt).
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../src/core/statistics/bootstrap-interval.ts';
import type { AnalysedImage, Face } from '../src/core/types.ts';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { FAST_PACK } from '../src/vision/model-catalogue.ts';
import { parsePairs } from './lfw-pairs.ts';
import { printHeading, writeResults } from './report.ts';

interface Templates {
  readonly ofPhoto: Float32Array;
  /** Undefined when no face is found in the kept picture. */
  readonly ofPicture: Float32Array | undefined;
  readonly pictureBytes: number;
}

const folder = process.argv[2];
if (!folder) throw new Error('usage: npm run bench:kept-pictures -- <folder with pairs.txt>');
const { packId, calibration } = FAST_PACK;
const { pairs } = parsePairs(await readFile(join(folder, 'pairs.txt'), 'utf8'));
const photos = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].sort();
printHeading(`Faces read anew from kept pictures, ${photos.length} photos, ${pairs.length} pairs of ${folder}`);

const processes = availableParallelism();
const engine = await createFaceEngine({ processes, maxQueued: 4 * processes });
const read = new Map<string, Templates>();
const queue = [...photos];
const lane = async (): Promise<void> => {
  for (let photo = queue.pop(); photo !== undefined; photo = queue.pop()) {
    const templates = await readBoth(await readFile(join(folder, photo)));
    if (templates) read.set(photo, templates);
  }
};
await Promise.all(Array.from({ length: 2 * processes }, lane));
await engine.close();

const cosines = Float64Array.from(
  [...read.values()].flatMap(({ ofPhoto, ofPicture }) => (ofPicture ? [cosine(ofPhoto, ofPicture)] : [])),
).sort();
const threshold = calibration.midpointScore;
const figures = {
  pack: packId,
  photos: photos.length,
  facesInPhotos: read.size,
  facesInPictures: cosines.length,
  pictureBytesMedian: quantile(Float64Array.from([...read.values()], ({ pictureBytes }) => pictureBytes).sort(), 0.5),
  cosineOfBoth: {
    lowest: cosines[0],
    p01: quantile(cosines, 0.01),
    p05: quantile(cosines, 0.05),
    median: quantile(cosines, 0.5),
  },
  threshold,
  enrolledFromPhotos: countErrors((first) => first.ofPhoto),
  enrolledFromPictures: countErrors((first) => first.ofPicture),
};
console.log(JSON.stringify(figures, null, 2));
console.log(`written to ${writeResults('kept-pictures', figures)}`);

async function readBoth(image: Uint8Array): Promise<Templates | undefined> {
  const face = subjectOf(
    await engine.analyse(image, { packId, maxFaces: 100, measure: false, embed: true, portraits: true }),
  );
  if (!face?.template || !face.portrait) return undefined;
  // As core/operations/upgrade-model.ts reads it
  const again = await engine.analyse(face.portrait, { packId, maxFaces: 1, measure: false, embed: true });
  return {
    ofPhoto: face.template.vector,
    ofPicture: again.faces[0]?.template?.vector,
    pictureBytes: face.portrait.byteLength,
  };
}

/** The second photo of each pair is searched with, whole, as a probe is. */
function countErrors(enrolledOf: (first: Templates) => Float32Array | undefined) {
  const counts = { genuine: 0, missed: 0, impostor: 0, falselyMatched: 0 };
  for (const { first, second, samePerson } of pairs) {
    const enrolled = read.get(first);
    const probe = read.get(second);
    const template = enrolled && enrolledOf(enrolled);
    const passes = template !== undefined && probe !== undefined && cosine(template, probe.ofPhoto) >= threshold;
    if (samePerson) {
      counts.genuine++;
      if (!passes) counts.missed++;
    } else {
      counts.impostor++;
      if (passes) counts.falselyMatched++;
    }
  }
  return counts;
}

/** The person a photo of this layout is about stands nearest its centre. */
function subjectOf({ faces, widthPx, heightPx }: AnalysedImage): Face | undefined {
  const distance = ({ box }: Face): number =>
    Math.hypot(box.leftPx + box.widthPx / 2 - widthPx / 2, box.topPx + box.heightPx / 2 - heightPx / 2);
  return [...faces].sort((a, b) => distance(a) - distance(b))[0];
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
