import type { Point } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import type { FacePatch } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

const SIDE_PX = 64;
const POINTS = 68;
/** 68 points a face in the iBUG 300-W order, in pixels of the image the patch was cut from. */
export async function findLandmarks(
  landmarker: OnnxModel,
  faces: readonly { readonly box: DetectedBox; readonly patch: FacePatch }[],
): Promise<readonly (readonly Point[])[]> {
  if (faces.length === 0) return [];
  const pixels = new Uint8Array(faces.length * SIDE_PX * SIDE_PX * 3);
  const squares = faces.map(({ box, patch }, n) => {
    const side = box.heightPx;
    const leftPx = box.leftPx + (box.widthPx - side) / 2;
    const step = side / SIDE_PX;
    const toPhoto = { a: step, b: 0, tx: leftPx + step / 2 - 0.5, ty: box.topPx + step / 2 - 0.5 };
    pixels.set(patch.crop(toPhoto, SIDE_PX), n * SIDE_PX * SIDE_PX * 3);
    return { leftPx, topPx: box.topPx, side };
  });
  const { output } = await landmarker.run(pixels, [faces.length, SIDE_PX, SIDE_PX, 3]);
  if (output?.length !== faces.length * POINTS * 2) throw new Error('the landmark network answers in another shape');
  return squares.map(({ leftPx, topPx, side }, n) =>
    Array.from({ length: POINTS }, (_, i) => {
      const at = (n * POINTS + i) * 2;
      return { xPx: leftPx + (output[at] as number) * side, yPx: topPx + (output[at + 1] as number) * side };
    }),
  );
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
