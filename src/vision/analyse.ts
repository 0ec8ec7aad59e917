// The whole way from photo bytes to faces: decode → detect → landmarks → align → embed → measure.
import type { AnalyseOptions } from '../core/ports.ts';
import type { AnalysedImage, Box, Face, FaceMeasurements, Point } from '../core/types.ts';
import { ALIGNED_SIDE_PX, alignFace } from './align.ts';
import { type DecodedImage, decodeImage } from './decode.ts';
import { type DetectedBox, detectFaces } from './detect.ts';
import { dropRepeats, type LocatedFace, provingLength } from './doubt.ts';
import { type Embedding, embedCrop } from './embed.ts';
import type { FaceModels } from './face-models.ts';
import { FacePatch } from './face-patch.ts';
import { findLandmarks, LEFT_EYE, meanPoint, RIGHT_EYE } from './landmarks.ts';
import { measureCrop } from './measure.ts';
import { FAST_PACK } from './model-catalogue.ts';
import { cutPortrait } from './portrait.ts';
import { estimatePose } from './pose.ts';
import { judgeQuality } from './quality.ts';
import type { RgbImage } from './rgb-image.ts';

/** Steps of the pipeline, for whoever times them. */
export type Step = 'decode' | 'detect' | 'landmarks' | 'embed' | 'measure';
export type StepTimer = <T>(step: Step, work: () => Promise<T>) => Promise<T>;
const untimed: StepTimer = (_step, work) => work();

export interface AnalyseHooks {
  readonly timer?: StepTimer;
  /** Called when the photo is decoded and only trusted code follows. */
  readonly onDecoded?: () => void;
}

/** Photo bytes → faces, largest first. Throws image-unusable for bytes that are no photo. */
export async function analyseImage(
  models: FaceModels,
  bytes: Uint8Array,
  options: AnalyseOptions,
  hooks: AnalyseHooks = {},
): Promise<AnalysedImage> {
  const timer = hooks.timer ?? untimed;
  const added = models.addedEmbedders.get(options.packId);
  // Only the shipped network's length is known to tell faces from others, and good ones from bad
  const embedder = models.embedders.get(added ? FAST_PACK.packId : options.packId);
  if (!embedder) throw new Error(`there is no model pack ${options.packId}`);
  const decoded = await timer('decode', () => decodeImage(bytes));
  hooks.onDecoded?.();
  const { boxes, pictures } = await timer('detect', () => detectFaces(models.detector, decoded.working));
  const found = boxes.map((box) => ({ box, patch: new FacePatch(pictures, surroundings(box)) }));
  const landmarks = await timer('landmarks', () => findLandmarks(models.landmarker, found));
  const distinct = dropRepeats(found.map((face, i) => ({ ...face, landmarks: landmarks[i] as readonly Point[] })));

  const faces: Face[] = [];
  for (const face of distinct) {
    if (faces.length === options.maxFaces) break;
    const minLength = provingLength(face.box);
    let embedding: Embedding | undefined;
    let measurements: FaceMeasurements | undefined;
    if (options.embed || options.measure || minLength > 0) {
      const alignment = alignFace(face.landmarks);
      const crop = face.patch.crop(alignment, ALIGNED_SIDE_PX);
      const made = await timer('embed', () => embedCrop(embedder, crop));
      if (made.length < minLength) continue;
      embedding = made;
      if (added && options.embed) embedding = { ...made, vector: await timer('embed', () => added.embed(face)) };
      if (options.measure) {
        measurements = await timer('measure', async () => {
          const pose = await estimatePose(models.poseEstimator, { ...face, alignment });
          return { ...measureCrop(crop), pose, templateLength: made.length };
        });
      }
    }
    const portrait = options.portraits ? await cutPortrait(decoded.working, face.box, boxes) : undefined;
    faces.push(assemble({ decoded, face, options, embedding, measurements, portrait }));
  }
  return { widthPx: decoded.widthPx, heightPx: decoded.heightPx, faces };
}

interface Parts {
  readonly decoded: DecodedImage;
  readonly face: LocatedFace;
  readonly options: AnalyseOptions;
  readonly embedding: Embedding | undefined;
  readonly measurements: FaceMeasurements | undefined;
  readonly portrait: Uint8Array | undefined;
}

/** Moves everything to the pixels of the whole photo. */
function assemble({ decoded, face, options, embedding, measurements, portrait }: Parts): Face {
  const scaleX = decoded.widthPx / decoded.working.widthPx;
  const scaleY = decoded.heightPx / decoded.working.heightPx;
  const landmarks = face.landmarks.map((point) => ({ xPx: point.xPx * scaleX, yPx: point.yPx * scaleY }));
  return {
    box: boxInside(face.box, decoded.working, { x: scaleX, y: scaleY }),
    detectorScore: face.box.score,
    landmarks,
    ...(measurements && { measurements, quality: judgeQuality(measurements, eyeDistance(landmarks)) }),
    ...(options.embed && embedding && { template: { vector: embedding.vector, packId: options.packId } }),
    ...(portrait && { portrait }),
  };
}

function boxInside(box: DetectedBox, image: RgbImage, scale: { readonly x: number; readonly y: number }): Box {
  const left = Math.max(0, box.leftPx);
  const top = Math.max(0, box.topPx);
  const right = Math.min(image.widthPx, box.leftPx + box.widthPx);
  const bottom = Math.min(image.heightPx, box.topPx + box.heightPx);
  return {
    leftPx: left * scale.x,
    topPx: top * scale.y,
    widthPx: (right - left) * scale.x,
    heightPx: (bottom - top) * scale.y,
  };
}

/** What crops of the face reach: the aligned one is about as tall as the box, and half wider when the head tilts. */
function surroundings(box: DetectedBox): Box {
  const side = 1.6 * Math.max(box.widthPx, box.heightPx);
  return {
    leftPx: box.leftPx + (box.widthPx - side) / 2,
    topPx: box.topPx + (box.heightPx - side) / 2,
    widthPx: side,
    heightPx: side,
  };
}

function eyeDistance(landmarks: readonly Point[]): number {
  const left = meanPoint(landmarks, LEFT_EYE);
  const right = meanPoint(landmarks, RIGHT_EYE);
  return Math.hypot(right.xPx - left.xPx, right.yPx - left.yPx);
}
