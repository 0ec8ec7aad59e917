import Type, { type Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import { KithError } from '../../core/errors.ts';
import type { Face, FaceMeasurements } from '../../core/types.ts';
import { badArgument } from './refusal.ts';

const Level = Type.String({ enum: ['low', 'medium', 'high'] });

export const FaceAttributes = Type.Object({
  glasses: Type.Optional(Type.String({ enum: ['noGlasses', 'readingGlasses', 'sunglasses', 'swimmingGoggles'] })),
  headPose: Type.Optional(Type.Object({ pitch: Type.Number(), roll: Type.Number(), yaw: Type.Number() })),
  occlusion: Type.Optional(
    Type.Object({ foreheadOccluded: Type.Boolean(), eyeOccluded: Type.Boolean(), mouthOccluded: Type.Boolean() }),
  ),
  accessories: Type.Optional(
    Type.Array(
      Type.Object({ type: Type.String({ enum: ['headwear', 'glasses', 'mask'] }), confidence: Type.Number() }),
    ),
  ),
  blur: Type.Optional(Type.Object({ blurLevel: Level, value: Type.Number() })),
  exposure: Type.Optional(
    Type.Object({
      exposureLevel: Type.String({ enum: ['underExposure', 'goodExposure', 'overExposure'] }),
      value: Type.Number(),
    }),
  ),
  noise: Type.Optional(Type.Object({ noiseLevel: Level, value: Type.Number() })),
  mask: Type.Optional(
    Type.Object({
      noseAndMouthCovered: Type.Boolean(),
      type: Type.String({ enum: ['faceMask', 'noMask', 'otherMaskOrOcclusion', 'uncertain'] }),
    }),
  ),
  qualityForRecognition: Type.Optional(Level),
});

export type AttributeName = keyof Static<typeof FaceAttributes>;

/** Azure's table of 2025: which detection model gives which attribute. */
const SUPPORTED: Readonly<Record<string, readonly AttributeName[]>> = {
  detection_01: [
    'accessories',
    'blur',
    'exposure',
    'glasses',
    'headPose',
    'noise',
    'occlusion',
    'qualityForRecognition',
  ],
  detection_02: [],
  detection_03: ['blur', 'exposure', 'glasses', 'headPose', 'mask', 'occlusion', 'qualityForRecognition'],
};

/** Azure took these back in 2022; Kith never had them: they say nothing about who somebody is. */
const RETIRED = ['emotion', 'gender', 'age', 'smile', 'facialhair', 'hair', 'makeup'];
const RETIRED_MESSAGE =
  'Return Attributes (emotion, gender, age, smile, facial hair, hair and makeup) have been deprecated and are no longer supported.';

/** Models whose templates Azure judges the quality for. */
const QUALITY_MODELS = ['recognition_03', 'recognition_04'];

/** The attributes that a comma-separated list asks for, any case; refused when the models asked for don't give them. */
export function askedAttributes(
  list: string,
  models: { readonly detectionModel: string; readonly recognitionModel: string },
): readonly AttributeName[] {
  const asked = list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (asked.some((name) => RETIRED.includes(name))) {
    throw new KithError({ kind: 'unsupported', feature: 'retired attributes', message: RETIRED_MESSAGE });
  }
  const known = Object.keys(FaceAttributes.properties) as AttributeName[];
  const names = asked.map((name) => {
    const attribute = known.find((candidate) => candidate.toLowerCase() === name);
    if (!attribute) throw invalidArgument('returnFaceAttributes', 'unknown', `There is no attribute "${name}".`);
    return attribute;
  });
  refuseUnsupported(names, models);
  return names;
}

function refuseUnsupported(
  names: readonly AttributeName[],
  { detectionModel, recognitionModel }: { readonly detectionModel: string; readonly recognitionModel: string },
): void {
  const supported = SUPPORTED[detectionModel] ?? [];
  if (names.length > 0 && supported.length === 0) {
    throw badArgument(`'returnFaceAttributes' is not supported by ${detectionModel}.`);
  }
  if (names.some((name) => !supported.includes(name))) {
    const list = supported.join(',').toLowerCase();
    throw badArgument(`Only face attributes '${list}' are supported by ${detectionModel}.`);
  }
  if (names.includes('qualityForRecognition') && !QUALITY_MODELS.includes(recognitionModel)) {
    throw badArgument(`'qualityForRecognition' is not supported by ${recognitionModel}.`);
  }
}

/** What was measured, in Azure's words and bands. */
export function azureAttributes(
  face: Pick<Face, 'measurements' | 'quality'>,
  names: readonly AttributeName[],
): Static<typeof FaceAttributes> {
  const { measurements, quality } = face;
  if (!measurements || !quality) throw new Error('the engine left out what it was asked for');
  const all = { ...measuredAttributes(measurements), qualityForRecognition: quality.level };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function measuredAttributes(measured: FaceMeasurements): Static<typeof FaceAttributes> {
  const masked = isLikely(measured.mask);
  return {
    glasses: isLikely(measured.sunglasses) ? 'sunglasses' : isLikely(measured.glasses) ? 'readingGlasses' : 'noGlasses',
    headPose: {
      pitch: oneDecimal(measured.pose.pitchDeg),
      roll: oneDecimal(measured.pose.rollDeg),
      yaw: oneDecimal(measured.pose.yawDeg),
    },
    occlusion: {
      foreheadOccluded: isLikely(measured.foreheadOccluded),
      eyeOccluded: isLikely(measured.eyesOccluded),
      mouthOccluded: isLikely(measured.mouthOccluded),
    },
    accessories: [
      { type: 'glasses', confidence: Math.max(measured.glasses, measured.sunglasses) },
      { type: 'mask', confidence: measured.mask },
    ]
      .filter(({ confidence }) => isLikely(confidence))
      .map(({ type, confidence }) => ({ type, confidence: twoDecimals(confidence) })),
    // Bands as documented by Azure for each.
    blur: {
      blurLevel: measured.blur < 0.25 ? 'low' : measured.blur < 0.75 ? 'medium' : 'high',
      value: twoDecimals(measured.blur),
    },
    exposure: {
      exposureLevel:
        measured.exposure < 0.25 ? 'underExposure' : measured.exposure < 0.75 ? 'goodExposure' : 'overExposure',
      value: twoDecimals(measured.exposure),
    },
    noise: {
      noiseLevel: measured.noise < 0.3 ? 'low' : measured.noise < 0.7 ? 'medium' : 'high',
      value: twoDecimals(measured.noise),
    },
    mask: {
      noseAndMouthCovered: masked,
      type: masked ? 'faceMask' : isLikely(measured.mouthOccluded) ? 'otherMaskOrOcclusion' : 'noMask',
    },
  };
}

function isLikely(share: number): boolean {
  return share >= 0.5;
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}

function twoDecimals(value: number): number {
  return Math.round(value * 100) / 100;
}
