import { invalidArgument } from './checks.ts';
import { KithError } from './errors.ts';
import type { AnalysedImage, Box, Face } from './types.ts';

/** Which face of a photo is meant: the one at a box, the largest, or (undefined) the only one there may be. */
export type FaceTarget = Box | 'largest' | undefined;

/** A target box means a face when the two overlap at least this much (intersection over union). */
const MIN_TARGET_OVERLAP = 0.3;

/** image-unusable when the photo shows no such face, or several and none was named. */
export function chooseFace(image: AnalysedImage, target: FaceTarget): Face {
  if (typeof target === 'object') return faceAt(image, target);
  const [face, second] = image.faces;
  if (!face) throw unusable('no-face', 'No face was found in the photo.');
  if (second && target !== 'largest') {
    throw unusable('several-faces', `The photo shows ${image.faces.length} faces; say which one is meant, or crop it.`);
  }
  return face;
}

function faceAt(image: AnalysedImage, target: Box): Face {
  const inside =
    target.leftPx >= 0 &&
    target.topPx >= 0 &&
    target.leftPx + target.widthPx <= image.widthPx &&
    target.topPx + target.heightPx <= image.heightPx;
  if (!inside) throw invalidArgument('targetFace', 'out-of-range', 'The target lies outside the photo.');

  const overlapping = image.faces
    .map((face) => ({ face, overlap: intersectionOverUnion(face.box, target) }))
    .filter(({ overlap }) => overlap >= MIN_TARGET_OVERLAP)
    .sort((a, b) => b.overlap - a.overlap);
  const [best] = overlapping;
  if (!best) throw unusable('no-face', 'No face was found where the target says.');
  return best.face;
}

function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - Math.max(a.leftPx, b.leftPx);
  const height = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - Math.max(a.topPx, b.topPx);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (a.widthPx * a.heightPx + b.widthPx * b.heightPx - intersection);
}

function unusable(fault: 'no-face' | 'several-faces', message: string): KithError {
  return new KithError({ kind: 'image-unusable', fault, message });
}
