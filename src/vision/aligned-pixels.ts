// Reading an aligned face by place. In the 112 × 112 crop the eyes lie at (38, 52) and (74, 52), the tip of the nose at
// (56, 72), the corners of the mouth at (42, 92) and (71, 92); left is the viewer's.
import { ALIGNED_SIDE_PX as SIDE } from './align.ts';

/** Columns [left, right) and rows [top, bottom) of the crop. */
export interface Region {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function region(left: number, right: number, top: number, bottom: number): Region {
  return { left, right, top, bottom };
}

/** Luma 0..255 and the two colour differences of ITU-R BT.601, around 0. */
export interface AlignedPixels {
  readonly luma: Float32Array;
  readonly blueDifference: Float32Array;
  readonly redDifference: Float32Array;
}

/** From an aligned crop, RGB. */
export function readAlignedPixels(crop: Uint8Array): AlignedPixels {
  const count = SIDE * SIDE;
  const luma = new Float32Array(count);
  const blueDifference = new Float32Array(count);
  const redDifference = new Float32Array(count);
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    const red = crop[at] as number;
    const green = crop[at + 1] as number;
    const blue = crop[at + 2] as number;
    const y = 0.299 * red + 0.587 * green + 0.114 * blue;
    luma[i] = y;
    blueDifference[i] = 0.564 * (blue - y);
    redDifference[i] = 0.713 * (red - y);
  }
  return { luma, blueDifference, redDifference };
}

/** Values of a plane inside the regions, in rising order. */
export function sortedValues(plane: Float32Array, regions: readonly Region[]): Float32Array {
  const values = new Float32Array(
    regions.reduce((sum, { left, right, top, bottom }) => sum + (right - left) * (bottom - top), 0),
  );
  let to = 0;
  for (const { left, right, top, bottom } of regions) {
    for (let y = top; y < bottom; y++) {
      values.set(plane.subarray(y * SIDE + left, y * SIDE + right), to);
      to += right - left;
    }
  }
  return values.sort();
}

/** The value below which `share` of the sorted values lie. */
export function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function medianOf(plane: Float32Array, regions: readonly Region[]): number {
  return quantile(sortedValues(plane, regions), 0.5);
}

/** `from` becomes 0, `to` becomes 1, straight between, flat beyond; `from` may be the larger. */
export function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
