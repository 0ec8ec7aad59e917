// What open-set trials come to: how often one's own people are missed when strangers may be shown a name so often.
import { quantile } from '../statistics/bootstrap-interval.ts';
import type { Interval } from '../statistics/proportion-interval.ts';
import type { MatedSearch, NonMatedSearch, OpenSetTrial } from './open-set-trial.ts';

export interface OpenSetRate {
  /** Share of strangers that may be shown a name … */
  readonly fpir: number;
  /** … and the lowest threshold that holds it over all trials. */
  readonly threshold: number;
  /** Share of searches for enrolled persons that don't find them first and above the threshold; 95 % interval. */
  readonly fnir: number;
  readonly fnirInterval: Interval;
}

export interface PooledSearches {
  readonly mated: readonly MatedSearch[];
  readonly nonMated: readonly NonMatedSearch[];
  /** Persons searched for as strangers in any trial. */
  readonly strangers: number;
  readonly matedPersons: number;
}

export function poolTrials(trials: readonly OpenSetTrial[]): PooledSearches {
  const mated = trials.flatMap((trial) => trial.mated);
  const nonMated = trials.flatMap((trial) => trial.nonMated);
  return {
    mated,
    nonMated,
    strangers: new Set(nonMated.map(({ person }) => person)).size,
    matedPersons: new Set(mated.map(({ person }) => person)).size,
  };
}

/** A search for an enrolled person that fails at this threshold: NIST's FNIR at rank 1. */
export function isMiss({ mateScore, bestOtherScore }: MatedSearch, threshold: number): boolean {
  return mateScore < threshold || mateScore < bestOtherScore;
}

export function fnirAt(searches: PooledSearches, threshold: number): number {
  return searches.mated.filter((search) => isMiss(search, threshold)).length / searches.mated.length;
}

export function fpirAtThreshold(searches: PooledSearches, threshold: number): number {
  return searches.nonMated.filter(({ bestScore }) => bestScore >= threshold).length / searches.nonMated.length;
}

/** Fewest strangers for whom a rate may be stated: with fewer, less than one of them would be the whole rate. */
export function canTell(searches: PooledSearches, fpir: number): boolean {
  return searches.mated.length > 0 && searches.strangers * fpir >= 1;
}

/**
 * FNIR at a wanted FPIR; undefined where there are too few strangers. Persons are drawn with replacement, with all
 * their searches of both kinds, and the threshold is chosen anew each time: its uncertainty is part of the interval.
 */
export function rateAtFpir(
  searches: PooledSearches,
  fpir: number,
  options: { readonly random: () => number; readonly resamples?: number },
): OpenSetRate | undefined {
  if (!canTell(searches, fpir)) return undefined;
  const pool = openResampling(searches);
  const everybodyOnce = new Float64Array(pool.persons).fill(1);
  const measured = pool.rate(fpir, everybodyOnce);
  const resamples = options.resamples ?? 500;
  const fnirs = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) fnirs[i] = pool.rate(fpir, pool.draw(options.random)).fnir;
  fnirs.sort();
  return { fpir, ...measured, fnirInterval: { lower: quantile(fnirs, 0.025), upper: quantile(fnirs, 0.975) } };
}

export interface Resampling {
  readonly persons: number;
  /** How often each person was drawn. */
  draw(random: () => number): Float64Array;
  /** With each person counted so often. */
  rate(fpir: number, weights: Float64Array): { readonly threshold: number; readonly fnir: number };
}

/** The searches prepared for being counted many times over. */
export function openResampling({ mated, nonMated }: PooledSearches): Resampling {
  const byScore = [...nonMated].sort((a, b) => b.bestScore - a.bestScore);
  const persons = 1 + Math.max(-1, ...[...mated, ...nonMated].map(({ person }) => person));
  return {
    persons,
    draw(random) {
      const weights = new Float64Array(persons);
      for (let i = 0; i < persons; i++) {
        const drawn = Math.floor(random() * persons);
        weights[drawn] = (weights[drawn] as number) + 1;
      }
      return weights;
    },
    rate(fpir, weights) {
      const weightOf = (person: number): number => weights[person] as number;
      const allowed = fpir * byScore.reduce((sum, { person }) => sum + weightOf(person), 0) + 1e-9;
      let passed = 0;
      let threshold = -1;
      for (const { person, bestScore } of byScore) {
        passed += weightOf(person);
        if (passed > allowed) {
          threshold = bestScore + 1e-7;
          break;
        }
      }
      let misses = 0;
      let total = 0;
      for (const search of mated) {
        const weight = weightOf(search.person);
        total += weight;
        if (isMiss(search, threshold)) misses += weight;
      }
      return { threshold, fnir: misses / total };
    },
  };
}

/** Searches of each person, counted where `isError`; persons without one have no trials. */
export function countByPerson<S extends { readonly person: number }>(
  searches: readonly S[],
  isError: (search: S) => boolean,
): readonly { readonly errors: number; readonly trials: number }[] {
  const counts = new Map<number, { errors: number; trials: number }>();
  for (const search of searches) {
    const count = counts.get(search.person) ?? { errors: 0, trials: 0 };
    count.trials++;
    if (isError(search)) count.errors++;
    counts.set(search.person, count);
  }
  return [...counts.values()];
}
