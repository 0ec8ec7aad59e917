// The whole way from photo bytes to faces: decode → detect → landmarks → align → embed → measure.
import type { AnalyseOptions } from '../core/ports.ts';
import type { AnalysedImage, Box, Face, Point } from '../core/types.ts';
import { alignFace } from './align.ts';
import { type DecodedImage, decodeImage } from './decode.ts';
import { type DetectedBox, detectFaces } from './detect.ts';
import { cropAligned, type Embedding, embedCrop } from './embed.ts';
import type { FaceModels } from './face-models.ts';
import { FacePatch } from './face-patch.ts';
import { findLandmarks, LEFT_EYE, meanPoint, RIGHT_EYE } from './landmarks.ts';
import { joinMeasurements, measureCrop } from './measure.ts';
import { estimatePose } from './pose.ts';
import { judgeQuality } from './quality.ts';
import type { RgbImage } from './rgb-image.ts';

/** A box that only the fine pass saw is a face when its embedding is at least this long (docs/accuracy.md). */
const MIN_SMALL_FACE_LENGTH = 2.3;
/** Faces are read in groups of this many, so that a crowd does not hold all its crops at once. */
const GROUP = 16;

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
  const embedder = models.embedders.get(options.packId);
  if (!embedder) throw new Error(`there is no model pack ${options.packId}`);
  const decoded = await timer('decode', () => decodeImage(bytes));
  hooks.onDecoded?.();
  const boxes = await timer('detect', () => detectFaces(models.detector, decoded.working));
  const faces: Face[] = [];
  for (let start = 0; start < boxes.length && faces.length < options.maxFaces; start += GROUP) {
    const group = boxes
      .slice(start, start + GROUP)
      .map((box) => ({ box, patch: new FacePatch(decoded.working, surroundings(box)) }));
    const landmarks = await timer('landmarks', () => findLandmarks(models.landmarker, group));
    for (const [i, { box, patch }] of group.entries()) {
      if (faces.length === options.maxFaces) break;
      const points = landmarks[i] as readonly Point[];
      const needsEmbedding = options.embed || options.measure || box.small;
      const crop = needsEmbedding ? cropAligned(patch, alignFace(points)) : undefined;
      const embedding = crop && (await timer('embed', () => embedCrop(embedder, crop)));
      if (box.small && embedding && embedding.length < MIN_SMALL_FACE_LENGTH) continue;
      const measurements =
        options.measure && crop && embedding
          ? await timer('measure', async () =>
              joinMeasurements(
                measureCrop(crop),
                await estimatePose(models.poseEstimator, box, patch),
                embedding.length,
              ),
            )
          : undefined;
      faces.push(assemble({ decoded, box, points, options, embedding, measurements }));
    }
  }
  return { widthPx: decoded.widthPx, heightPx: decoded.heightPx, faces };
}

interface Parts {
  readonly decoded: DecodedImage;
  readonly box: DetectedBox;
  readonly points: readonly Point[];
  readonly options: AnalyseOptions;
  readonly embedding: Embedding | undefined;
  readonly measurements: Face['measurements'];
}

/** Moves everything to the pixels of the whole photo. */
function assemble({ decoded, box, points, options, embedding, measurements }: Parts): Face {
  const scaleX = decoded.widthPx / decoded.working.widthPx;
  const scaleY = decoded.heightPx / decoded.working.heightPx;
  const landmarks = points.map((point) => ({ xPx: point.xPx * scaleX, yPx: point.yPx * scaleY }));
  return {
    box: boxInside(box, decoded.working, { x: scaleX, y: scaleY }),
    detectorScore: box.score,
    landmarks,
    ...(measurements && { measurements, quality: judgeQuality(measurements, eyeDistance(landmarks)) }),
    ...(options.embed && embedding && { template: { vector: embedding.vector, packId: options.packId } }),
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

/** Twice the box: the aligned crop of a tilted head and the pose crop fit in. */
function surroundings(box: DetectedBox): Box {
  const side = 2 * Math.max(box.widthPx, box.heightPx);
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
