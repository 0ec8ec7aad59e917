import type { Point } from '../core/types.ts';
import type { DetectedBox } from './detect.ts';
import type { CropTarget, FacePatch } from './face-patch.ts';
import type { OnnxModel } from './onnx-session.ts';

const SIDE_PX = 64;
const POINTS = 68;
/** Luma of ITU-R BT.601, over 256 as the network was trained. */
const LUMA = { red: 0.299 / 256, green: 0.587 / 256, blue: 0.114 / 256 };
const PLANES: CropTarget['planes'] = [
  { channel: 0, scale: LUMA.red, shift: 0 },
  { channel: 1, scale: LUMA.green, shift: 0 },
  { channel: 2, scale: LUMA.blue, shift: 0 },
];

/** 68 points a face in the iBUG 300-W order, in pixels of the image the patch was cut from. */
export async function findLandmarks(
  landmarker: OnnxModel,
  faces: readonly { readonly box: DetectedBox; readonly patch: FacePatch }[],
): Promise<readonly (readonly Point[])[]> {
  if (faces.length === 0) return [];
  const pixels = SIDE_PX * SIDE_PX;
  const tensor = new Float32Array(faces.length * pixels);
  const rgb = new Float32Array(3 * pixels);
  const squares = faces.map(({ box, patch }, n) => {
    const side = box.heightPx;
    const leftPx = box.leftPx + (box.widthPx - side) / 2;
    const step = side / SIDE_PX;
    patch.crop(
      { a: step, b: 0, tx: leftPx + step / 2 - 0.5, ty: box.topPx + step / 2 - 0.5 },
      { tensor: rgb, offset: 0, widthPx: SIDE_PX, heightPx: SIDE_PX, planes: PLANES },
    );
    for (let i = 0, at = n * pixels; i < pixels; i++, at++) {
      tensor[at] = (rgb[i] as number) + (rgb[i + pixels] as number) + (rgb[i + 2 * pixels] as number);
    }
    return { leftPx, topPx: box.topPx, side };
  });
  const { output } = await landmarker.run(tensor, [faces.length, 1, SIDE_PX, SIDE_PX]);
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
