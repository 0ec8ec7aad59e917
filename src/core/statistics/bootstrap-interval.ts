import type { Interval } from './proportion-interval.ts';

/** One unit that is drawn as a whole: what was counted of one person, say. */
export interface Counted {
  readonly errors: number;
  readonly trials: number;
}

export interface BootstrapOptions {
  readonly random: () => number;
  readonly resamples?: number;
  readonly confidence?: number;
}

/**
 * Percentile bootstrap (Efron & Tibshirani 1993) of a share, drawing whole units with replacement: the searches of one
 * person are not independent, persons are. `units` without a trial count for nothing; of none the interval is [0, 1].
 */
export function bootstrapInterval(units: readonly Counted[], options: BootstrapOptions): Interval {
  const { random, resamples = 1000, confidence = 0.95 } = options;
  const drawn = units.filter(({ trials }) => trials > 0);
  if (drawn.length === 0) return { lower: 0, upper: 1 };
  const shares = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let errors = 0;
    let trials = 0;
    for (let j = 0; j < drawn.length; j++) {
      const unit = drawn[Math.floor(random() * drawn.length)] as Counted;
      errors += unit.errors;
      trials += unit.trials;
    }
    shares[i] = errors / trials;
  }
  shares.sort();
  const tail = (1 - confidence) / 2;
  return { lower: quantile(shares, tail), upper: quantile(shares, 1 - tail) };
}

/** Of rising values, straight between neighbours (type 7 of Hyndman & Fan, 1996). */
export function quantile(sorted: Float64Array | Float32Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (at - Math.floor(at)) * (above - below);
}
