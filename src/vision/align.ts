import type { Point } from '../core/types.ts';
import type { Similarity } from './face-patch.ts';
import { LEFT_EYE, meanPoint, NOSE_TIP, RIGHT_EYE } from './landmarks.ts';

export const ALIGNED_SIDE_PX = 112;

/** Where ArcFace puts eyes, nose tip and corners of the mouth in its 112 × 112 crop (Deng et al., CVPR 2019). */
export const ARCFACE_POINTS: readonly Point[] = [
  { xPx: 38.2946, yPx: 51.6963 },
  { xPx: 73.5318, yPx: 51.5014 },
  { xPx: 56.0252, yPx: 71.7366 },
  { xPx: 41.5493, yPx: 92.3655 },
  { xPx: 70.7299, yPx: 92.2041 },
];

/** The map from the aligned crop to the photo. */
export function alignFace(landmarks: readonly Point[]): Similarity {
  return alignFaceTo(ARCFACE_POINTS, landmarks);
}

/** The map from a crop in which eyes, nose tip and corners of the mouth lie at `template` to the photo. */
export function alignFaceTo(template: readonly Point[], landmarks: readonly Point[]): Similarity {
  const points = [
    meanPoint(landmarks, LEFT_EYE),
    meanPoint(landmarks, RIGHT_EYE),
    landmarks[NOSE_TIP] as Point,
    meanPoint(landmarks, [48, 60]),
    meanPoint(landmarks, [54, 64]),
  ];
  return invertSimilarity(fitSimilarity(points, template));
}

/**
 * Least-squares similarity `from` → `to` without reflection. In the plane Umeyama's solution (PAMI 1991) needs no
 * singular value decomposition: with centred points, a = Σ⟨p,q⟩ / Σ|p|² and b = Σ(p×q) / Σ|p|².
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  const fromCentre = meanPoint(from, [...from.keys()]);
  const toCentre = meanPoint(to, [...to.keys()]);
  let dots = 0;
  let crosses = 0;
  let variance = 0;
  from.forEach((point, i) => {
    const x = point.xPx - fromCentre.xPx;
    const y = point.yPx - fromCentre.yPx;
    const target = to[i] as Point;
    const u = target.xPx - toCentre.xPx;
    const v = target.yPx - toCentre.yPx;
    dots += x * u + y * v;
    crosses += x * v - y * u;
    variance += x * x + y * y;
  });
  const a = dots / variance;
  const b = crosses / variance;
  return {
    a,
    b,
    tx: toCentre.xPx - a * fromCentre.xPx + b * fromCentre.yPx,
    ty: toCentre.yPx - b * fromCentre.xPx - a * fromCentre.yPx,
  };
}

export function invertSimilarity({ a, b, tx, ty }: Similarity): Similarity {
  const scale = a * a + b * b;
  return {
    a: a / scale,
    b: -b / scale,
    tx: -(a * tx + b * ty) / scale,
    ty: (b * tx - a * ty) / scale,
  };
}
