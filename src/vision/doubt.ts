// Second opinions on what the detector found: one face counted twice, and things that only look like a face.
import type { Point } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import { meanPoint } from './landmarks.ts';

export interface LocatedFace {
  readonly box: DetectedBox;
  readonly landmarks: readonly Point[];
}

/** Nose, eyes and mouth: the outline of the jaw wanders. */
const INNER_POINTS = Array.from({ length: 41 }, (_, i) => 27 + i);
/**
 * Two boxes whose inner landmarks have their centres nearer than this share of a face are one face. On LFW-dev, boxes
 * between two heads came to 0.04 to 0.42, the closest two people (a kiss on the cheek) to 0.50.
 */
const MIN_CENTRE_DISTANCE = 0.45;

/** Where two boxes put their landmarks on the same face, keeps the better scored. The order stays. */
export function dropRepeats<F extends LocatedFace>(faces: readonly F[]): readonly F[] {
  const kept: { readonly face: F; readonly centre: Point; readonly sidePx: number }[] = [];
  for (const face of [...faces].sort((a, b) => b.box.score - a.box.score)) {
    const centre = meanPoint(face.landmarks, INNER_POINTS);
    const sidePx = Math.sqrt(face.box.widthPx * face.box.heightPx);
    const repeats = kept.some(
      (other) =>
        Math.hypot(centre.xPx - other.centre.xPx, centre.yPx - other.centre.yPx) <
        MIN_CENTRE_DISTANCE * Math.min(sidePx, other.sidePx),
    );
    if (!repeats) kept.push({ face, centre, sidePx });
  }
  const survivors = new Set(kept.map(({ face }) => face));
  return faces.filter((face) => survivors.has(face));
}

/** At this score a box of the coarse pass needs no proof. */
const CERTAIN_SCORE = 0.99;
/** Logos, flowers and napes are embedded as vectors shorter than this; docs/accuracy.md has the counts. */
const MIN_LENGTH = 2;
const MIN_SMALL_LENGTH = 2.3;

/** Least length of embedding that proves the box a face; 0 where the detector's word is enough. */
export function provingLength(box: DetectedBox): number {
  if (box.small) return MIN_SMALL_LENGTH;
  return box.score < CERTAIN_SCORE ? MIN_LENGTH : 0;
}
