// Sharpness, light and noise of a face, measured on its aligned crop: what the recogniser sees. The scales were set by
// degrading photos step by step and watching how many mated pairs are lost; docs/accuracy.md has the table.
import type { FaceMeasurements } from '../core/types.ts';
import { ALIGNED_SIDE_PX as SIDE } from './align.ts';
import { type AlignedPixels, Histogram, ramp, readAlignedPixels, region } from './aligned-pixels.ts';
import { measureCover } from './cover.ts';

/** What the pixels of an aligned face say, each 0..1. */
export type PixelMeasurements = Omit<FaceMeasurements, 'pose' | 'templateLength'>;

/** Measures an aligned crop, 112 × 112 RGB. */
export function measureCrop(crop: Uint8Array): PixelMeasurements {
  const pixels = readAlignedPixels(crop);
  return {
    blur: measureBlur(pixels),
    exposure: measureExposure(pixels),
    noise: measureNoise(pixels),
    ...measureCover(pixels),
  };
}

const BLUR_REACH = 4;
/** Blur effect of the sharpest photos and of those in which nothing can be recognised. */
const SHARP = 0.4;
const LOST = 0.9;

/**
 * The blur effect of Crété et al. (SPIE 6492, 2007): the share of the change between neighbours that outlasts one more
 * blur, by a mean over nine pixels. The worse of both directions counts, so that motion is seen.
 */
function measureBlur({ luma }: AlignedPixels): number {
  return ramp(Math.max(blurEffect(luma, 1, SIDE), blurEffect(luma, SIDE, 1)), SHARP, LOST);
}

function blurEffect(luma: Float32Array, step: number, lineStep: number): number {
  let change = 0;
  let lost = 0;
  for (let line = 0; line < SIDE; line++) {
    for (let i = BLUR_REACH + 1; i < SIDE - BLUR_REACH; i++) {
      const at = line * lineStep + i * step;
      const before = Math.abs((luma[at] as number) - (luma[at - step] as number));
      // Two neighbouring means share all but the ends of their windows
      const ends = (luma[at + BLUR_REACH * step] as number) - (luma[at - (BLUR_REACH + 1) * step] as number);
      change += before;
      lost += Math.max(0, before - Math.abs(ends) / (2 * BLUR_REACH + 1));
    }
  }
  return change > 0 ? 1 - lost / change : 1;
}

const FACE = region(26, 86, 24, 100);
/** Luma, 0..1, that the brightest twentieth of a well-lit face reaches, whatever its skin. */
const LIT = 0.6;
const BURNT_LUMA = 250;
/** Share of burnt pixels at which a face is lost. */
const ALL_BURNT = 0.8;

/**
 * Under-exposure is missing highlights, over-exposure burnt pixels. The mean would tell dark skin from light instead of
 * dark photos from bright ones.
 */
function measureExposure({ luma }: AlignedPixels): number {
  const levels = new Histogram(luma, [FACE]);
  return 0.5 * ramp(levels.quantile(0.95) / 255, 0, LIT) + 0.5 * ramp(levels.shareFrom(BURNT_LUMA), 0, ALL_BURNT);
}

const NOISE_BLOCK = 8;
/** Deviation, in levels of 255, of noise in the crop at which three of five mated pairs are lost. */
const ALL_NOISE = 10;

/** Immerkær's estimate (Computer Vision and Image Understanding 64, 1996), in the quietest quarter of the face's blocks. */
function measureNoise({ luma }: AlignedPixels): number {
  const deviations: number[] = [];
  for (let top = FACE.top; top + NOISE_BLOCK <= FACE.bottom; top += NOISE_BLOCK) {
    for (let left = FACE.left; left + NOISE_BLOCK <= FACE.right; left += NOISE_BLOCK) {
      deviations.push(noiseDeviation(luma, top * SIDE + left));
    }
  }
  deviations.sort((a, b) => a - b);
  const quiet = deviations.slice(0, Math.ceil(deviations.length / 4));
  return ramp(quiet.reduce((sum, value) => sum + value, 0) / quiet.length, 0, ALL_NOISE);
}

/** Deviation of Gaussian noise in the block that starts at `origin`: the difference of two Laplacians, blind to edges. */
function noiseDeviation(luma: Float32Array, origin: number): number {
  let sum = 0;
  for (let y = 0; y < NOISE_BLOCK; y++) {
    for (let at = origin + y * SIDE, end = at + NOISE_BLOCK; at < end; at++) {
      const above = at - SIDE;
      const below = at + SIDE;
      const corners =
        (luma[above - 1] as number) +
        (luma[above + 1] as number) +
        (luma[below - 1] as number) +
        (luma[below + 1] as number);
      const sides =
        (luma[above] as number) + (luma[at - 1] as number) + (luma[at + 1] as number) + (luma[below] as number);
      sum += Math.abs(corners - 2 * sides + 4 * (luma[at] as number));
    }
  }
  return (Math.sqrt(Math.PI / 2) * sum) / (6 * NOISE_BLOCK * NOISE_BLOCK);
}
