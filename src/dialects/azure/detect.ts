import Type, { type Static } from 'typebox';
import { DEFAULT_PROBE_TTL_S, MAX_PROBE_TTL_S, MIN_PROBE_TTL_S } from '../../core/limits.ts';
import { type DetectedFace, detectFaces } from '../../core/operations/detect-faces.ts';
import type { Deps } from '../../core/ports.ts';
import type { Box } from '../../core/types.ts';
import { type AttributeName, askedAttributes, azureAttributes, FaceAttributes } from './attributes.ts';
import { DETECT_BODY, imageBytes } from './image-body.ts';
import { azureLandmarks, FaceLandmarks } from './landmarks.ts';
import { badArgument } from './refusal.ts';
import type { Routes } from './route.ts';
import type { AzureVersion } from './versions.ts';
import {
  DEFAULT_DETECTION_MODEL,
  DEFAULT_RECOGNITION_MODEL,
  DetectionModel,
  FaceRectangle,
  Guid,
  RecognitionModel,
} from './wire.ts';

const DetectQuery = Type.Object({
  detectionModel: Type.Optional(DetectionModel),
  recognitionModel: Type.Optional(RecognitionModel),
  returnFaceId: Type.Optional(Type.Boolean({ description: 'true when left out.' })),
  returnFaceLandmarks: Type.Optional(Type.Boolean({ description: 'false when left out.' })),
  returnFaceAttributes: Type.Optional(Type.String({ description: 'Names separated by commas.' })),
  returnRecognitionModel: Type.Optional(Type.Boolean({ description: 'false when left out.' })),
  faceIdTimeToLive: Type.Optional(
    Type.Integer({ minimum: MIN_PROBE_TTL_S, maximum: MAX_PROBE_TTL_S, description: 'Seconds; 86400 when left out.' }),
  ),
});

const DetectAnswer = Type.Array(
  Type.Object({
    faceId: Type.Optional(Guid),
    faceRectangle: FaceRectangle,
    faceLandmarks: Type.Optional(FaceLandmarks),
    faceAttributes: Type.Optional(FaceAttributes),
    recognitionModel: Type.Optional(RecognitionModel),
  }),
);

/** A detect call with every default filled in. */
interface Wish {
  readonly recognitionModel: string;
  readonly attributes: readonly AttributeName[];
  readonly landmarks: boolean;
  readonly showModel: boolean;
  readonly probeTtlS: number | undefined;
}

/** Versions whose detection reads the photos of liveness sessions. */
const SESSION_IMAGE_VERSIONS: readonly AzureVersion[] = ['v1.2-preview.1', 'v1.2'];

export function addDetectRoute(
  routes: Routes,
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'images' | 'clock' | 'newId' | 'recognitionModels'>,
): void {
  routes.image({
    method: 'POST',
    path: '/detect',
    operation: 'detect',
    summary: 'Detect faces in a photo',
    tag: 'Face',
    permission: 'search',
    about: 'no-gallery',
    query: DetectQuery,
    ...(SESSION_IMAGE_VERSIONS.includes(routes.version) ? { body: DETECT_BODY } : {}),
    answers: DetectAnswer,
    async handle({ audit, tenantId, query, body, signal }) {
      const wish = readWish(query);
      const image = await imageBytes(deps, body, signal);
      const { faces } = await detectFaces(
        { ...deps, audit },
        {
          tenantId,
          image,
          recognitionModel: wish.recognitionModel,
          measure: wish.attributes.length > 0,
          probeTtlS: wish.probeTtlS,
          signal,
        },
      );
      return { body: faces.map((face) => azureFace(face, wish)) };
    },
  });
}

function readWish(query: Static<typeof DetectQuery>): Wish {
  const detectionModel = query.detectionModel ?? DEFAULT_DETECTION_MODEL;
  const recognitionModel = query.recognitionModel ?? DEFAULT_RECOGNITION_MODEL;
  const returnFaceId = query.returnFaceId ?? true;
  const landmarks = query.returnFaceLandmarks ?? false;
  if (landmarks && detectionModel === 'detection_02') {
    throw badArgument("'returnLandmarks' is not supported by detection_02.");
  }
  return {
    recognitionModel,
    landmarks,
    attributes: askedAttributes(query.returnFaceAttributes ?? '', { detectionModel, recognitionModel }),
    // Azure shows the model only beside the id that depends on it.
    showModel: returnFaceId && (query.returnRecognitionModel ?? false),
    probeTtlS: returnFaceId ? (query.faceIdTimeToLive ?? DEFAULT_PROBE_TTL_S) : undefined,
  };
}

function azureFace({ face, probeId }: DetectedFace, wish: Wish): Static<typeof DetectAnswer>[number] {
  return {
    ...(probeId === undefined ? {} : { faceId: probeId }),
    faceRectangle: azureRectangle(face.box),
    ...(wish.landmarks ? { faceLandmarks: azureLandmarks(face.landmarks) } : {}),
    ...(wish.attributes.length > 0 ? { faceAttributes: azureAttributes(face, wish.attributes) } : {}),
    ...(wish.showModel ? { recognitionModel: wish.recognitionModel } : {}),
  };
}

export function azureRectangle(box: Box): Static<typeof FaceRectangle> {
  return {
    top: Math.round(box.topPx),
    left: Math.round(box.leftPx),
    width: Math.round(box.widthPx),
    height: Math.round(box.heightPx),
  };
}
