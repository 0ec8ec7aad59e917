// Signals of a face, measured on its aligned 112 × 112 crop. docs/accuracy.md says with what error.
import type { FaceMeasurements, HeadPose } from '../core/types.ts';
import { ALIGNED_SIDE_PX as SIDE } from './align.ts';

/** What the pixels of an aligned face say; each 0..1. */
export type PixelSignals = Omit<FaceMeasurements, 'pose' | 'templateLength'>;

/** Measures an aligned crop as `cropAligned` makes it (BGR planes of (x − 127) / 128). */
export function measureCrop(crop: Float32Array): PixelSignals {
  const luma = lumaOf(crop);
  return {
    blur: measureBlur(luma),
    exposure: measureExposure(luma),
    noise: measureNoise(luma),
    foreheadOccluded: 0,
    eyesOccluded: 0,
    mouthOccluded: 0,
    glasses: 0,
    sunglasses: 0,
    mask: 0,
  };
}

export function joinMeasurements(signals: PixelSignals, pose: HeadPose, templateLength: number): FaceMeasurements {
  return { ...signals, pose, templateLength };
}

/** BT.601 luma, 0..255. */
function lumaOf(crop: Float32Array): Float32Array {
  const plane = SIDE * SIDE;
  const luma = new Float32Array(plane);
  for (let i = 0; i < plane; i++) {
    const blue = crop[i] as number;
    const green = crop[i + plane] as number;
    const red = crop[i + 2 * plane] as number;
    luma[i] = (0.114 * blue + 0.587 * green + 0.299 * red) * 128 + 127;
  }
  return luma;
}

/**
 * Crété et al., "The blur effect" (SPIE 2007): how much of the change between neighbours survives a further blur.
 * A sharp picture loses most of it, a blurred one little.
 */
function measureBlur(luma: Float32Array): number {
  const along = (step: number, across: number): number => {
    let before = 0;
    let lost = 0;
    for (let line = 0; line < SIDE; line++) {
      for (let i = 5; i < SIDE - 4; i++) {
        const at = line * across + i * step;
        const change = Math.abs((luma[at] as number) - (luma[at - step] as number));
        // Nine-tap mean: neighbouring means differ by the ends of the window
        const blurred = Math.abs((luma[at + 4 * step] as number) - (luma[at - 5 * step] as number)) / 9;
        before += change;
        lost += Math.max(0, change - blurred);
      }
    }
    return before > 0 ? (before - lost) / before : 1;
  };
  return Math.max(along(1, SIDE), along(SIDE, 1));
}

function measureExposure(luma: Float32Array): number {
  let sum = 0;
  for (const value of luma) sum += value;
  return Math.min(1, Math.max(0, sum / luma.length / 255));
}

/** Immerkær, "Fast noise variance estimation" (CVIU 1996), in the quietest quarter of 8 × 8 blocks; 20 levels are 1. */
function measureNoise(luma: Float32Array): number {
  const blocks: number[] = [];
  for (let top = 24; top + 8 < SIDE - 8; top += 8) {
    for (let left = 24; left + 8 < SIDE - 24; left += 8) {
      let sum = 0;
      for (let y = top; y < top + 8; y++) {
        for (let x = left; x < left + 8; x++) {
          const at = y * SIDE + x;
          const value = (dy: number, dx: number): number => luma[at + dy * SIDE + dx] as number;
          sum += Math.abs(
            value(-1, -1) -
              2 * value(-1, 0) +
              value(-1, 1) -
              2 * value(0, -1) +
              4 * value(0, 0) -
              2 * value(0, 1) +
              value(1, -1) -
              2 * value(1, 0) +
              value(1, 1),
          );
        }
      }
      blocks.push((Math.sqrt(Math.PI / 2) * sum) / (6 * 64));
    }
  }
  blocks.sort((a, b) => a - b);
  const quiet = blocks.slice(0, Math.ceil(blocks.length / 4));
  return Math.min(1, quiet.reduce((a, b) => a + b, 0) / quiet.length / 20);
}
