// What covers a face: hats and fringes, glasses, masks. Each signal compares places of the aligned crop with the skin
// beside them, so that skin and light of the photo set the scale. Hits and false alarms: docs/accuracy.md.
import type { FaceMeasurements } from '../core/types.ts';
import { ALIGNED_SIDE_PX as SIDE } from './align.ts';
import { type AlignedPixels, Histogram, medianOf, type Region, ramp, region } from './aligned-pixels.ts';

export type CoverMeasurements = Pick<
  FaceMeasurements,
  'foreheadOccluded' | 'eyesOccluded' | 'mouthOccluded' | 'glasses' | 'sunglasses' | 'mask'
>;

export function measureCover(pixels: AlignedPixels): CoverMeasurements {
  const glasses = measureGlasses(pixels);
  const sunglasses = Math.min(glasses, measureDarkLenses(pixels));
  const mask = measureMask(pixels);
  return {
    foreheadOccluded: shareOff(pixels, skinOf(pixels, MID_FACE), [FOREHEAD]),
    eyesOccluded: sunglasses,
    mouthOccluded: Math.max(mask, measureHiddenMouth(pixels)),
    glasses,
    sunglasses,
    mask,
  };
}

// ── Skin and what differs from it ───────────────────────────────────────────

const FOREHEAD = region(38, 74, 16, 32);
/** Bare unless a mask covers it: ridge of the nose and inner cheeks. */
const MID_FACE = [region(50, 62, 56, 70), region(34, 46, 66, 78), region(66, 78, 66, 78)];
/** Bare unless a hat or hair covers it: forehead, root of the nose, under the eyes. */
const UPPER_FACE = [region(46, 66, 26, 36), region(50, 62, 40, 54), region(30, 44, 58, 63), region(68, 82, 58, 63)];

interface Skin {
  readonly luma: number;
  readonly blueDifference: number;
  readonly redDifference: number;
}

function skinOf({ luma, blueDifference, redDifference }: AlignedPixels, regions: readonly Region[]): Skin {
  return {
    luma: medianOf(luma, regions),
    blueDifference: medianOf(blueDifference, regions),
    redDifference: medianOf(redDifference, regions),
  };
}

/** Shadow and highlight of one skin differ by less than this factor, */
const SKIN_LUMA_FACTOR = 1.57;
/** and its colour by less than this many levels. */
const SKIN_CHROMA = 13;
/** Keeps the ratio of near-black pixels from meaning anything. */
const LUMA_FLOOR = 15;

/** Share of the regions' pixels that are not of this skin. */
function shareOff(pixels: AlignedPixels, skin: Skin, regions: readonly Region[]): number {
  const { luma, blueDifference, redDifference } = pixels;
  const darkest = (skin.luma + LUMA_FLOOR) / SKIN_LUMA_FACTOR - LUMA_FLOOR;
  const brightest = (skin.luma + LUMA_FLOOR) * SKIN_LUMA_FACTOR - LUMA_FLOOR;
  let off = 0;
  let all = 0;
  for (const { left, right, top, bottom } of regions) {
    for (let y = top; y < bottom; y++) {
      for (let at = y * SIDE + left; at < y * SIDE + right; at++, all++) {
        const light = luma[at] as number;
        const blue = (blueDifference[at] as number) - skin.blueDifference;
        const red = (redDifference[at] as number) - skin.redDifference;
        if (light < darkest || light > brightest || blue * blue + red * red > SKIN_CHROMA ** 2) off++;
      }
    }
  }
  return off / all;
}

// ── Mask and mouth ──────────────────────────────────────────────────────────

const NOSE_TIP = region(50, 62, 68, 78);
const MOUTH = region(44, 68, 84, 102);
const NOSE_TO_CHIN = region(44, 68, 68, 102);
const LEFT_CHEEK = region(32, 42, 74, 88);
const RIGHT_CHEEK = region(70, 80, 74, 88);

/** Not of the upper face's colour on nose, mouth and both cheeks (a beard leaves the nose bare, coloured light one side), and plain. */
function measureMask(pixels: AlignedPixels): number {
  const skin = skinOf(pixels, UPPER_FACE);
  const off = Math.min(
    shareOff(pixels, skin, [NOSE_TIP]),
    shareOff(pixels, skin, [MOUTH]),
    shareOff(pixels, skin, [LEFT_CHEEK]),
    shareOff(pixels, skin, [RIGHT_CHEEK]),
  );
  return off * ramp(spread(pixels, skin, NOSE_TO_CHIN), 0.5, 0.25);
}

/** Not of the face's colour where the mouth is, and without the contrast of lips and teeth. */
function measureHiddenMouth(pixels: AlignedPixels): number {
  const skin = skinOf(pixels, MID_FACE);
  return shareOff(pixels, skin, [MOUTH]) * ramp(spread(pixels, skin, MOUTH), 0.3, 0.1);
}

/** Luma between the 10th and the 90th hundredth, in units of the skin's. Faces: 0.3 to 0.8 from nose to chin. */
function spread({ luma }: AlignedPixels, skin: Skin, place: Region): number {
  const levels = new Histogram(luma, [place]);
  return (levels.quantile(0.9) - levels.quantile(0.1)) / (skin.luma + LUMA_FLOOR);
}

// ── Glasses ─────────────────────────────────────────────────────────────────

const BRIDGE = region(50, 62, 46, 62);
const TEMPLES = [region(12, 24, 46, 58), region(88, 100, 46, 58)];
const CHEEKS = [region(28, 84, 74, 88)];
const LENS_SKIN = [region(30, 82, 60, 82)];
const LENSES = [region(28, 48, 49, 63), region(64, 84, 49, 63)];
const MIN_SKIN_LUMA = 30;
/** Logistic weights fitted to 469 faces of LFW-dev labelled by eye; what they find on others is in docs/accuracy.md. */
const GLASSES_WEIGHTS = { bias: 9.4, bridge: 4.44, temples: 5.2, cheeks: -4.87 };

/** Frames: a line across the root of the nose and edges towards the ears, more than the cheeks have of their own. */
export function measureGlasses({ luma }: AlignedPixels): number {
  const { bridge, temples, cheeks } = frameSignals(luma);
  const { bias, ...weights } = GLASSES_WEIGHTS;
  const sum = bias + weights.bridge * bridge + weights.temples * temples + weights.cheeks * cheeks;
  return 1 / (1 + Math.exp(-sum));
}

/** Logarithms of line and edge strengths relative to the skin's luma. */
export function frameSignals(luma: Float32Array): {
  readonly bridge: number;
  readonly temples: number;
  readonly cheeks: number;
} {
  const skin = Math.max(MIN_SKIN_LUMA, mean(luma, LENS_SKIN));
  const level = (strength: number): number => Math.log(strength / skin + 0.01);
  return {
    bridge: level(strongestLine(luma, BRIDGE)),
    temples: level(meanEdge(luma, TEMPLES)),
    cheeks: level(meanEdge(luma, CHEEKS)),
  };
}

/** Lenses much darker than the skin around them; deep-set eyes alone are not, nor does frameless shade have frames. */
function measureDarkLenses({ luma }: AlignedPixels): number {
  const skin = Math.max(MIN_SKIN_LUMA, mean(luma, MID_FACE));
  const lighter = Math.max(...LENSES.map((lens) => medianOf(luma, [lens])));
  return ramp(lighter / skin, 0.75, 0.35);
}

/** The strongest horizontal line: a row that differs from the rows two above and two below, over the whole width. */
function strongestLine(luma: Float32Array, { left, right, top, bottom }: Region): number {
  let strongest = 0;
  for (let y = top; y < bottom; y++) {
    let sum = 0;
    for (let at = y * SIDE + left; at < y * SIDE + right; at++) {
      sum += (luma[at - 2 * SIDE] as number) - 2 * (luma[at] as number) + (luma[at + 2 * SIDE] as number);
    }
    strongest = Math.max(strongest, Math.abs(sum) / (right - left));
  }
  return strongest;
}

/** Mean change from the row above to the row below. */
function meanEdge(luma: Float32Array, regions: readonly Region[]): number {
  let sum = 0;
  let count = 0;
  for (const { left, right, top, bottom } of regions) {
    for (let y = top; y < bottom; y++) {
      for (let at = y * SIDE + left; at < y * SIDE + right; at++, count++) {
        sum += Math.abs((luma[at + SIDE] as number) - (luma[at - SIDE] as number));
      }
    }
  }
  return sum / count;
}

function mean(plane: Float32Array, regions: readonly Region[]): number {
  let sum = 0;
  let count = 0;
  for (const { left, right, top, bottom } of regions) {
    for (let y = top; y < bottom; y++) {
      for (let at = y * SIDE + left; at < y * SIDE + right; at++, count++) sum += plane[at] as number;
    }
  }
  return sum / count;
}
