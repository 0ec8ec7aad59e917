import Type, { type Static } from 'typebox';
import type { Point } from '../../core/types.ts';

const Coordinate = Type.Object({ x: Type.Number(), y: Type.Number() });

/**
 * Azure's 27 points from the 68 of the iBUG 300-W order. Left and right are the viewer's. Each is a point itself, the
 * mean of some, or, for the nose, which iBUG draws more sparsely, a point on the line between two.
 */
const FROM_68 = {
  pupilLeft: mean(36, 37, 38, 39, 40, 41),
  pupilRight: mean(42, 43, 44, 45, 46, 47),
  noseTip: mean(30),
  mouthLeft: mean(48),
  mouthRight: mean(54),
  eyebrowLeftOuter: mean(17),
  eyebrowLeftInner: mean(21),
  eyeLeftOuter: mean(36),
  eyeLeftTop: mean(37, 38),
  eyeLeftBottom: mean(40, 41),
  eyeLeftInner: mean(39),
  eyebrowRightInner: mean(22),
  eyebrowRightOuter: mean(26),
  eyeRightInner: mean(42),
  eyeRightTop: mean(43, 44),
  eyeRightBottom: mean(46, 47),
  eyeRightOuter: mean(45),
  noseRootLeft: between(27, 39, 0.5),
  noseRootRight: between(27, 42, 0.5),
  // The wing of the nose rises from its outer edge (31, 35) towards the bridge, and bulges a little beyond that edge.
  noseLeftAlarTop: between(31, 28, 0.35),
  noseRightAlarTop: between(35, 28, 0.35),
  noseLeftAlarOutTip: between(31, 33, -0.15),
  noseRightAlarOutTip: between(35, 33, -0.15),
  upperLipTop: mean(51),
  upperLipBottom: mean(62),
  underLipTop: mean(66),
  underLipBottom: mean(57),
} as const satisfies Record<string, (points: readonly Point[]) => Point>;

type LandmarkName = keyof typeof FROM_68;
const LANDMARK_NAMES = Object.keys(FROM_68) as LandmarkName[];

export const FaceLandmarks = Type.Object(
  Object.fromEntries(LANDMARK_NAMES.map((name) => [name, Coordinate])) as Record<LandmarkName, typeof Coordinate>,
);

/** Coordinates in pixels of the upright image, with Azure's one decimal. */
export function azureLandmarks(points68: readonly Point[]): Static<typeof FaceLandmarks> {
  return Object.fromEntries(
    LANDMARK_NAMES.map((name) => {
      const { xPx, yPx } = FROM_68[name](points68);
      return [name, { x: Math.round(xPx * 10) / 10, y: Math.round(yPx * 10) / 10 }];
    }),
  ) as Static<typeof FaceLandmarks>;
}

function mean(...indices: readonly number[]): (points: readonly Point[]) => Point {
  return (points) => {
    const chosen = indices.map((index) => pointAt(points, index));
    return {
      xPx: chosen.reduce((sum, { xPx }) => sum + xPx, 0) / chosen.length,
      yPx: chosen.reduce((sum, { yPx }) => sum + yPx, 0) / chosen.length,
    };
  };
}

/** At `share` of the way from one point to the other; a negative share lies beyond the first. */
function between(from: number, to: number, share: number): (points: readonly Point[]) => Point {
  return (points) => {
    const a = pointAt(points, from);
    const b = pointAt(points, to);
    return { xPx: a.xPx + (b.xPx - a.xPx) * share, yPx: a.yPx + (b.yPx - a.yPx) * share };
  };
}

function pointAt(points: readonly Point[], index: number): Point {
  const point = points[index];
  if (!point) throw new Error(`the face has ${points.length} landmarks, not 68`);
  return point;
}
