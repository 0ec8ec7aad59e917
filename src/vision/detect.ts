// Faces at several scales: a coarse pass over the whole photo finds the large ones, a finer pass the small ones.
import sharp from 'sharp';
import { decodeAnchors } from './anchors.ts';
import { DETECTOR_REGRESSIONS } from './graph-patch.ts';
import type { OnnxModel } from './onnx-session.ts';
import type { RgbImage } from './rgb-image.ts';

/** A face found, in pixels of the working image. It may stand out of the image. */
export interface DetectedBox {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly score: number;
  /** True when only the fine pass saw it: such boxes want a second opinion. */
  readonly small: boolean;
}

/** Least score of a face. */
export const MIN_DETECTOR_SCORE = 0.65;
/** Boxes that overlap more than this (intersection over union) are one face. */
const MAX_OVERLAP = 0.4;
/** Network pixels of the coarse pass; its shape follows the photo's. */
const COARSE_AREA_PX = 320 * 240;
/** Scale of the fine pass; a 20 px face still covers 13 network pixels. */
const FINE_SCALE = 0.64;
/** Faces above this many network pixels are the coarse pass's. */
const MAX_FINE_FACE_PX = 48;
/** Below this gain in scale a second pass would see what the first saw. */
const MIN_SCALE_GAIN = 1.3;
/** Networks sides are multiples of this, so that few shapes occur. */
const SIDE_STEP_PX = 32;
/** A byte b becomes (b − 127) / 128. */
const SCALE = 1 / 128;
const SHIFT = -127 / 128;

/** All faces of the photo, largest first. Scores and thresholds as measured in docs/accuracy.md. */
export async function detectFaces(detector: OnnxModel, photo: RgbImage): Promise<readonly DetectedBox[]> {
  const coarseScale = Math.sqrt(COARSE_AREA_PX / (photo.widthPx * photo.heightPx));
  const found: DetectedBox[] = await runPass(detector, photo, coarseScale);
  if (FINE_SCALE > coarseScale * MIN_SCALE_GAIN) {
    const fine = await runPass(detector, photo, FINE_SCALE);
    for (const box of fine) {
      if (box.heightPx * FINE_SCALE <= MAX_FINE_FACE_PX) found.push({ ...box, small: true });
    }
  }
  return suppressOverlaps(found).sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx);
}

async function runPass(detector: OnnxModel, photo: RgbImage, scale: number): Promise<DetectedBox[]> {
  const shrunk = await resize(
    photo,
    Math.max(1, Math.round(photo.widthPx * scale)),
    Math.max(1, Math.round(photo.heightPx * scale)),
  );
  const widthPx = roundUp(shrunk.widthPx);
  const heightPx = roundUp(shrunk.heightPx);
  const outputs = await detector.run(toTensor(shrunk, widthPx, heightPx), [1, 3, heightPx, widthPx]);
  const { scores, [DETECTOR_REGRESSIONS]: regressions } = outputs;
  if (!scores || !regressions) throw new Error('the detector answers without scores or regressions');
  const toPhotoX = photo.widthPx / shrunk.widthPx;
  const toPhotoY = photo.heightPx / shrunk.heightPx;
  return decodeAnchors({ scores, regressions }, { widthPx, heightPx }, MIN_DETECTOR_SCORE).map((box) => ({
    leftPx: box.left * toPhotoX,
    topPx: box.top * toPhotoY,
    widthPx: (box.right - box.left) * toPhotoX,
    heightPx: (box.bottom - box.top) * toPhotoY,
    score: box.score,
    small: false,
  }));
}

async function resize(photo: RgbImage, widthPx: number, heightPx: number): Promise<RgbImage> {
  if (widthPx === photo.widthPx && heightPx === photo.heightPx) return photo;
  const raw = { width: photo.widthPx, height: photo.heightPx, channels: 3 } as const;
  const data = await sharp(photo.data, { raw })
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return { widthPx, heightPx, data };
}

/** Planar RGB; what the image does not cover is 0, the middle grey. */
function toTensor(image: RgbImage, widthPx: number, heightPx: number): Float32Array {
  const plane = widthPx * heightPx;
  const tensor = new Float32Array(3 * plane);
  const { data } = image;
  let from = 0;
  for (let y = 0; y < image.heightPx; y++) {
    let to = y * widthPx;
    for (const end = to + image.widthPx; to < end; to++, from += 3) {
      tensor[to] = (data[from] as number) * SCALE + SHIFT;
      tensor[to + plane] = (data[from + 1] as number) * SCALE + SHIFT;
      tensor[to + 2 * plane] = (data[from + 2] as number) * SCALE + SHIFT;
    }
  }
  return tensor;
}

/** Greedy non-maximum suppression: the best box of every overlapping group. */
function suppressOverlaps(boxes: readonly DetectedBox[]): DetectedBox[] {
  const kept: DetectedBox[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(other, box) < MAX_OVERLAP)) kept.push(box);
  }
  return kept;
}

/** Intersection over union, 0..1. */
function overlap(a: DetectedBox, b: DetectedBox): number {
  const width = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - Math.max(a.leftPx, b.leftPx);
  const height = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - Math.max(a.topPx, b.topPx);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.widthPx * a.heightPx + b.widthPx * b.heightPx - both);
}

function roundUp(sidePx: number): number {
  return Math.ceil(sidePx / SIDE_STEP_PX) * SIDE_STEP_PX;
}
