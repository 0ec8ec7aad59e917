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
