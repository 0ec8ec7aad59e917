import type { Box, Point } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import type { FacePatch } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

const SIDE_PX = 64;
const POINTS = 68;
/** The first look: a square of the box's height, a little below its middle. */
const FIRST_LOOK = { sides: 1, lower: 0.03 };
/** The second: a square of the found points' longer side. Both fitted to LFW-dev (docs/accuracy.md). */
const SECOND_LOOK = { sides: 1.08, lower: 0.04 };

interface FaceToMark {
  readonly box: DetectedBox;
  readonly patch: FacePatch;
}

interface Square {
  readonly leftPx: number;
  readonly topPx: number;
  readonly sidePx: number;
}

/**
 * 68 points a face in the iBUG 300-W order, in pixels of the photo that the patch shows. The network looks twice: the
 * detector's box says where the face is, only its points say how large.
 */
export async function findLandmarks(
  landmarker: OnnxModel,
  faces: readonly FaceToMark[],
): Promise<readonly (readonly Point[])[]> {
  if (faces.length === 0) return [];
  const patches = faces.map(({ patch }) => patch);
  const first = faces.map(({ box }) => squareAround(box, box.heightPx, FIRST_LOOK));
  const points = await markSquares(landmarker, patches, first);
  const second = points.map((found) => {
    const extent = extentOf(found);
    return squareAround(extent, Math.max(extent.widthPx, extent.heightPx), SECOND_LOOK);
  });
  return markSquares(landmarker, patches, second);
}

async function markSquares(
  landmarker: OnnxModel,
  patches: readonly FacePatch[],
  squares: readonly Square[],
): Promise<readonly (readonly Point[])[]> {
  const bytes = SIDE_PX * SIDE_PX * 3;
  const pixels = new Uint8Array(squares.length * bytes);
  for (const [n, { leftPx, topPx, sidePx }] of squares.entries()) {
    const step = sidePx / SIDE_PX;
    const toPhoto = { a: step, b: 0, tx: leftPx + step / 2 - 0.5, ty: topPx + step / 2 - 0.5 };
    pixels.set((patches[n] as FacePatch).crop(toPhoto, SIDE_PX), n * bytes);
  }
  const { output } = await landmarker.run(pixels, [squares.length, SIDE_PX, SIDE_PX, 3]);
  if (output?.length !== squares.length * POINTS * 2) throw new Error('the landmark network answers in another shape');
  return squares.map(({ leftPx, topPx, sidePx }, n) =>
    Array.from({ length: POINTS }, (_, i) => {
      const at = (n * POINTS + i) * 2;
      return { xPx: leftPx + (output[at] as number) * sidePx, yPx: topPx + (output[at + 1] as number) * sidePx };
    }),
  );
}

function squareAround(box: Box, sidePx: number, look: { readonly sides: number; readonly lower: number }): Square {
  const side = Math.max(1, sidePx * look.sides);
  return {
    leftPx: box.leftPx + (box.widthPx - side) / 2,
    topPx: box.topPx + (box.heightPx - side) / 2 + look.lower * side,
    sidePx: side,
  };
}

function extentOf(points: readonly Point[]): Box {
  const xs = points.map(({ xPx }) => xPx);
  const ys = points.map(({ yPx }) => yPx);
  const leftPx = Math.min(...xs);
  const topPx = Math.min(...ys);
  return { leftPx, topPx, widthPx: Math.max(...xs) - leftPx, heightPx: Math.max(...ys) - topPx };
}

/** Mean of some of the points. */
export function meanPoint(landmarks: readonly Point[], indices: readonly number[]): Point {
  let xPx = 0;
  let yPx = 0;
  for (const index of indices) {
    const point = landmarks[index] as Point;
    xPx += point.xPx / indices.length;
    yPx += point.yPx / indices.length;
  }
  return { xPx, yPx };
}

/** Points of the 68 that outline a part; left and right as the viewer sees them. */
export const LEFT_EYE = [36, 37, 38, 39, 40, 41] as const;
export const RIGHT_EYE = [42, 43, 44, 45, 46, 47] as const;
export const NOSE_TIP = 30;
