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
/** A photo that would be shrunk by no more than this, or enlarged, is looked at as it is: no face becomes clearer. */
const MIN_SHRINK = 0.8;
/** Below this gain in scale a second pass would see what the first saw. */
const MIN_SCALE_GAIN = 1.3;

export interface Detection {
  /** Largest first. */
  readonly boxes: readonly DetectedBox[];
  /** The photo and the smaller pictures of it that were looked at, in falling size. */
  readonly pictures: readonly RgbImage[];
}

/** All faces of the photo. Scores and thresholds as measured in docs/accuracy.md. */
export async function detectFaces(detector: OnnxModel, photo: RgbImage): Promise<Detection> {
  const idealScale = Math.sqrt(COARSE_AREA_PX / (photo.widthPx * photo.heightPx));
  const coarseScale = idealScale > MIN_SHRINK ? 1 : idealScale;
  const found: DetectedBox[] = [];
  const pictures = [photo];
  if (FINE_SCALE > coarseScale * MIN_SCALE_GAIN) {
    const fine = await resize(photo, scaledSize(photo, FINE_SCALE));
    pictures.push(fine);
    for (const box of await runPass(detector, fine, photo)) {
      if (box.heightPx * FINE_SCALE <= MAX_FINE_FACE_PX) found.push({ ...box, small: true });
    }
  }
  // Made of the smallest so far: a third of the photo's pixels to read
  const coarse = await resize(pictures.at(-1) ?? photo, scaledSize(photo, coarseScale));
  if (coarseScale < 1) pictures.push(coarse);
  found.push(...(await runPass(detector, coarse, photo)));
  const boxes = suppressOverlaps(found).sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx);
  return { boxes, pictures };
}

/** Boxes that the detector sees in `picture`, in pixels of the photo that it was made of. */
async function runPass(detector: OnnxModel, picture: RgbImage, photo: RgbImage): Promise<DetectedBox[]> {
  const { widthPx, heightPx, data } = picture;
  const outputs = await detector.run(data, [1, heightPx, widthPx, 3]);
  const { scores, [DETECTOR_REGRESSIONS]: regressions } = outputs;
  if (!scores || !regressions) throw new Error('the detector answers without scores or regressions');
  const toPhotoX = photo.widthPx / widthPx;
  const toPhotoY = photo.heightPx / heightPx;
  return decodeAnchors({ scores, regressions }, { widthPx, heightPx }, MIN_DETECTOR_SCORE).map((box) => ({
    leftPx: box.left * toPhotoX,
    topPx: box.top * toPhotoY,
    widthPx: (box.right - box.left) * toPhotoX,
    heightPx: (box.bottom - box.top) * toPhotoY,
    score: box.score,
    small: false,
  }));
}

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

function scaledSize({ widthPx, heightPx }: Size, scale: number): Size {
  return { widthPx: Math.max(1, Math.round(widthPx * scale)), heightPx: Math.max(1, Math.round(heightPx * scale)) };
}

async function resize(image: RgbImage, { widthPx, heightPx }: Size): Promise<RgbImage> {
  if (widthPx === image.widthPx && heightPx === image.heightPx) return image;
  const raw = { width: image.widthPx, height: image.heightPx, channels: 3 } as const;
  const data = await sharp(image.data, { raw })
    .resize(widthPx, heightPx, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return { widthPx, heightPx, data };
}

/** A box so far inside a better one, in the middle of it, is a part of that face: an eye, a chin. */
const MIN_INSIDE = 0.8;

/** Greedy non-maximum suppression: the best box of every overlapping group. */
function suppressOverlaps(boxes: readonly DetectedBox[]): DetectedBox[] {
  const kept: DetectedBox[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (!kept.some((better) => overlap(better, box) >= MAX_OVERLAP || isPartOf(better, box))) kept.push(box);
  }
  return kept;
}

/** Intersection over union, 0..1. */
function overlap(a: DetectedBox, b: DetectedBox): number {
  const both = intersection(a, b);
  return both / (a.widthPx * a.heightPx + b.widthPx * b.heightPx - both);
}

function isPartOf(face: DetectedBox, part: DetectedBox): boolean {
  if (intersection(face, part) < MIN_INSIDE * part.widthPx * part.heightPx) return false;
  // Within the ellipse that the box is drawn around: the corners show what is behind the face
  const x = (part.leftPx + part.widthPx / 2 - face.leftPx) / (face.widthPx / 2) - 1;
  const y = (part.topPx + part.heightPx / 2 - face.topPx) / (face.heightPx / 2) - 1;
  return x * x + y * y < 1;
}

/** Square pixels that both cover. */
function intersection(a: DetectedBox, b: DetectedBox): number {
  const width = Math.min(a.leftPx + a.widthPx, b.leftPx + b.widthPx) - Math.max(a.leftPx, b.leftPx);
  const height = Math.min(a.topPx + a.heightPx, b.topPx + b.heightPx) - Math.max(a.topPx, b.topPx);
  return width > 0 && height > 0 ? width * height : 0;
}
