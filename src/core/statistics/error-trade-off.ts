// Errors of 1:1 comparison at a threshold, in the terms of ISO/IEC 19795-1: a false match is an impostor comparison at
// or above it, a false non-match a genuine one below.

/** Scores in rising order. */
export interface ComparisonScores {
  readonly genuine: Float32Array;
  readonly impostor: Float32Array;
}

export interface TradeOffPoint {
  readonly threshold: number;
  readonly falseMatchRate: number;
  readonly falseNonMatchRate: number;
}

export function tradeOffAt({ genuine, impostor }: ComparisonScores, threshold: number): TradeOffPoint {
  return {
    threshold,
    falseMatchRate: shareAtOrAbove(impostor, threshold),
    falseNonMatchRate: 1 - shareAtOrAbove(genuine, threshold),
  };
}

/**
 * The point with the lowest threshold at which the false match rate is at most `falseMatchRate`; undefined where there
 * are too few impostors to tell: at least one must be allowed.
 */
export function tradeOffAtFalseMatchRate(scores: ComparisonScores, falseMatchRate: number): TradeOffPoint | undefined {
  const { impostor } = scores;
  const allowed = Math.floor(impostor.length * falseMatchRate + 1e-9);
  if (allowed < 1) return undefined;
  return tradeOffAt(scores, justAbove(impostor, allowed));
}

/** Where both rates are equal, between the scores: the equal error rate. */
export function equalErrorRate(scores: ComparisonScores): number {
  let low = -1;
  let high = 1;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    const { falseMatchRate, falseNonMatchRate } = tradeOffAt(scores, middle);
    if (falseMatchRate > falseNonMatchRate) low = middle;
    else high = middle;
  }
  const { falseMatchRate, falseNonMatchRate } = tradeOffAt(scores, (low + high) / 2);
  return (falseMatchRate + falseNonMatchRate) / 2;
}

/** Share of rising `scores` that reach the threshold; 0 of none. */
export function shareAtOrAbove(scores: Float32Array | Float64Array, threshold: number): number {
  if (scores.length === 0) return 0;
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((scores[middle] as number) < threshold) low = middle + 1;
    else high = middle;
  }
  return (scores.length - low) / scores.length;
}

/** The lowest threshold that no more than `allowed` of the rising scores reach. */
export function justAbove(scores: Float32Array | Float64Array, allowed: number): number {
  const refused = scores[scores.length - 1 - allowed];
  if (refused === undefined) return -1;
  return refused + Math.max(Math.abs(refused), 1e-3) * 1e-7;
}
