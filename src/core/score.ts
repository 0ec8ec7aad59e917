// Comparison score → confidence. Scores are cosines of unit vectors, −1..1, higher = closer.
import type { Calibration, Template } from './types.ts';

/** Cosine of two unit vectors of equal length. */
export function compareTemplates(a: Template, b: Template): number {
  if (a.packId !== b.packId || a.vector.length !== b.vector.length) {
    throw new Error(`templates of ${a.packId} and ${b.packId} are not comparable`);
  }
  let dot = 0;
  for (let i = 0; i < a.vector.length; i++) dot += (a.vector[i] as number) * (b.vector[i] as number);
  return dot;
}

/** Logistic calibration: 0.5 at `thresholdScore`, which is the pack's midpoint unless a gallery asks for another. */
export function confidenceOf(
  score: number,
  calibration: Calibration,
  thresholdScore = calibration.midpointScore,
): number {
  return 1 / (1 + Math.exp(-calibration.slope * (score - thresholdScore)));
}

/** The score at which `confidenceOf` gives `confidence` (0..1); ±Infinity at the ends. */
export function scoreOf(
  confidence: number,
  calibration: Calibration,
  thresholdScore = calibration.midpointScore,
): number {
  return thresholdScore + Math.log(confidence / (1 - confidence)) / calibration.slope;
}

/**
 * Share of comparisons between different people that reach `score`: measured points, straight lines between their
 * logarithms, and the last line drawn on beyond them. Relatives and look-alikes score higher than strangers do.
 */
export function falseMatchRateAt(score: number, calibration: Calibration): number {
  const tail = calibration.impostorTail;
  const [first] = tail;
  if (!first) throw new Error('the calibration has no impostor tail');
  if (score < first.score) return interpolate(score, { score: -1, falseMatchRate: 1 }, first);
  const above = tail.findIndex((point) => point.score > score);
  const upper = above === -1 ? tail.length - 1 : above;
  return interpolate(score, tail[upper - 1] ?? { score: -1, falseMatchRate: 1 }, tail[upper] ?? first);
}

type TailPoint = Calibration['impostorTail'][number];

function interpolate(score: number, from: TailPoint, to: TailPoint): number {
  const decadesPerScore = Math.log10(to.falseMatchRate / from.falseMatchRate) / (to.score - from.score);
  return from.falseMatchRate * 10 ** (decadesPerScore * (score - from.score));
}

/** Chance that somebody who is not in a gallery of `enrolments` templates reaches `score` there: 1 − (1 − FMR)^N. */
export function strangerChance(score: number, enrolments: number, calibration: Calibration): number {
  // log1p and expm1 keep rates of 1e-12 and N of millions exact
  return -Math.expm1(enrolments * Math.log1p(-Math.min(falseMatchRateAt(score, calibration), 1 - 1e-12)));
}
