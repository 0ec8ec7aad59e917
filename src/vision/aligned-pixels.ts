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

/** How often each level occurs in a plane inside some regions; levels from −128 to 255, rounded. */
export class Histogram {
  readonly #counts = new Uint32Array(LEVELS);
  #total = 0;

  constructor(plane: Float32Array, regions: readonly Region[]) {
    for (const { left, right, top, bottom } of regions) {
      for (let y = top; y < bottom; y++) {
        for (let at = y * SIDE + left, end = y * SIDE + right; at < end; at++) {
          const level = Math.round(plane[at] as number) - LOWEST_LEVEL;
          this.#counts[level] = (this.#counts[level] as number) + 1;
        }
      }
      this.#total += (right - left) * (bottom - top);
    }
  }

  /** The level below which `share` of the pixels lie. */
  quantile(share: number): number {
    const wanted = Math.floor(this.#total * share);
    let seen = 0;
    for (let level = 0; level < LEVELS; level++) {
      seen += this.#counts[level] as number;
      if (seen > wanted) return level + LOWEST_LEVEL;
    }
    return LEVELS - 1 + LOWEST_LEVEL;
  }

  /** Share of the pixels at this level or above. */
  shareFrom(lowest: number): number {
    return this.#counts.subarray(lowest - LOWEST_LEVEL).reduce((sum, count) => sum + count, 0) / this.#total;
  }
}

const LOWEST_LEVEL = -128;
const LEVELS = 256 - LOWEST_LEVEL;

export function medianOf(plane: Float32Array, regions: readonly Region[]): number {
  return new Histogram(plane, regions).quantile(0.5);
}

/** `from` becomes 0, `to` becomes 1, straight between, flat beyond; `from` may be the larger. */
export function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
