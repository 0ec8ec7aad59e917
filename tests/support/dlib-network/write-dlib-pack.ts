import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildDlibResnet, DLIB_DIMS, DLIB_SIDE_PX } from './dlib-resnet.ts';
import { readQuantisedWeights } from './quantised-weights.ts';

/** As "kith models calibrate" measured it on 1,549 photos of 963 people of Labeled Faces in the Wild. */
export const DLIB_CALIBRATION = {
  midpointScore: 0.941,
  slope: 86.4,
  impostorTail: [
    { score: 0.908, falseMatchRate: 1e-2 },
    { score: 0.927, falseMatchRate: 1e-3 },
    { score: 0.941, falseMatchRate: 1e-4 },
    { score: 0.953, falseMatchRate: 1e-5 },
    { score: 0.965, falseMatchRate: 1e-6 },
  ],
  measuredOn: '1,197,943 impostor and 983 genuine comparisons of 1,549 photos of 963 people; below 1e-5 extrapolated',
};

/**
 * Where eyes, nose tip and corners of the mouth lie in dlib's own crop: its mean face with a margin of a quarter, on 150
 * pixels (get_face_chip_details of dlib's image_transforms/interpolation.h).
 */
const DLIB_POINTS = [
  [47.5, 46.6],
  [100.5, 46.6],
  [74, 76.6],
  [52.2, 103.3],
  [95.8, 103.3],
];

/** A second real network as an owner would bring it: an ONNX file and its manifest. Answers the manifest's path. */
export async function writeDlibPack(folder: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const weightsDir = join(
    dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
    'model',
  );
  const [listed, bytes] = await Promise.all([
    readFile(join(weightsDir, 'face_recognition_model-weights_manifest.json')),
    readFile(join(weightsDir, 'face_recognition_model.bin')),
  ]);
  const graph = buildDlibResnet(readQuantisedWeights(listed, bytes));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'dlib.onnx'), graph);
  const manifest = {
    packId: 'dlib',
    version: '1',
    description: "dlib's ResNet of 29 convolutions",
    file: 'dlib.onnx',
    sha256: createHash('sha256').update(graph).digest('hex'),
    dims: DLIB_DIMS,
    weightsLicence: 'CC0 (dlib-models), as @vladmandic/face-api ships them',
    trainingData: 'About 3 million photos: FaceScrub, VGG and photos from the web',
    input: {
      sidePx: DLIB_SIDE_PX,
      colourOrder: 'rgb',
      mean: [122.782, 117.001, 104.298],
      scale: 1 / 256,
      points: DLIB_POINTS,
    },
    ...changes,
  };
  const path = join(folder, 'manifest.json');
  await writeFile(path, JSON.stringify(manifest));
  return path;
}
