// The law of what lies above a high threshold (Balkema & de Haan 1974, Pickands 1975).

export interface GeneralisedPareto {
  /** Above 0 a heavy tail, 0 an exponential one, below 0 one that ends. */
  readonly shape: number;
  readonly scale: number;
}

/**
 * By probability-weighted moments (Hosking & Wallis, Technometrics 1987), which are steadier than the likelihood for a
 * few hundred values. `exceedances` are values minus their threshold, rising, at least two, not all 0.
 */
export function fitGeneralisedPareto(exceedances: ArrayLike<number>): GeneralisedPareto {
  const n = exceedances.length;
  let mean = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    const value = exceedances[i] as number;
    mean += value / n;
    weighted += (((n - 1 - i) / (n - 1)) * value) / n;
  }
  const shape = 2 - mean / (mean - 2 * weighted);
  return { shape, scale: (2 * mean * weighted) / (mean - 2 * weighted) };
}

/** Share of values above the threshold that exceed it by more than `excess`. */
export function paretoSurvival({ shape, scale }: GeneralisedPareto, excess: number): number {
  if (Math.abs(shape) < 1e-9) return Math.exp(-excess / scale);
  const inner = 1 + (shape * excess) / scale;
  return inner <= 0 ? 0 : inner ** (-1 / shape);
}

/** The excess that a share of `survival` (0..1) goes beyond: the inverse of `paretoSurvival`. */
export function paretoExcess({ shape, scale }: GeneralisedPareto, survival: number): number {
  if (Math.abs(shape) < 1e-9) return -scale * Math.log(survival);
  return (scale * (survival ** -shape - 1)) / shape;
}
