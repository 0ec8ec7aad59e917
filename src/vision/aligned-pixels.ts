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

/** From a crop as `cropAligned` makes it: BGR planes of (x − 127) / 128. */
export function readAlignedPixels(crop: Float32Array): AlignedPixels {
  const count = SIDE * SIDE;
  const luma = new Float32Array(count);
  const blueDifference = new Float32Array(count);
  const redDifference = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const blue = (crop[i] as number) * 128 + 127;
    const green = (crop[i + count] as number) * 128 + 127;
    const red = (crop[i + 2 * count] as number) * 128 + 127;
    const y = 0.114 * blue + 0.587 * green + 0.299 * red;
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
