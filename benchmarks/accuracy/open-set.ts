// 1:N with people held out: FNIR at FPIR for each way of making a template, on the same galleries and resamples.
import { compareFaces } from '../../src/core/evaluation/face-comparisons.ts';
import type { LabelledFace } from '../../src/core/evaluation/labelled-face.ts';
import { openResampling, type PooledSearches, poolTrials } from '../../src/core/evaluation/open-set-rates.ts';
import { runOpenSetTrial } from '../../src/core/evaluation/open-set-trial.ts';
import { quantile } from '../../src/core/statistics/bootstrap-interval.ts';
import { seededRandom } from '../../src/core/statistics/seeded-random.ts';

const FPIRS = [0.1, 0.03, 0.01];
const TRIALS = 40;
const RESAMPLES = 500;
const SEED = 1;
const ENROLLED_SHARE = 2 / 3;

export interface OpenSetRow {
  readonly fpir: number;
  readonly threshold: number;
  readonly fnir: number;
  readonly fnirInterval: readonly [number, number];
  /** FNIR as a share of the first variant's, over the same resampled people. */
  readonly ratio: number;
  readonly ratioInterval: readonly [number, number];
}

export interface OpenSetFigures {
  readonly enrolled: number;
  readonly matedPersons: number;
  readonly matedSearches: number;
  readonly strangers: number;
  readonly strangerSearches: number;
  readonly rows: readonly OpenSetRow[];
}

/** One photo a person enrolled. Every variant has the same people in the same order, so that all draw alike. */
export async function openSetFigures(
  variants: ReadonlyMap<string, readonly LabelledFace[]>,
): Promise<ReadonlyMap<string, OpenSetFigures>> {
  const pools = new Map<string, { readonly searches: PooledSearches; readonly enrolled: number }>();
  for (const [name, faces] of variants) {
    const comparisons = await compareFaces(faces);
    const random = seededRandom(SEED);
    const enrolledPersons = Math.floor(comparisons.personNames.length * ENROLLED_SHARE);
    const trials = Array.from({ length: TRIALS }, () =>
      runOpenSetTrial(comparisons, { random, enrolledPersons, facesAPerson: 1 }),
    );
    pools.set(name, { searches: poolTrials(trials), enrolled: enrolledPersons });
  }
  const [first] = pools.values();
  if (!first) return new Map();
  const firstPool = openResampling(first.searches);
  return new Map(
    [...pools].map(([name, { searches, enrolled }]) => {
      const pool = openResampling(searches);
      const everybodyOnce = new Float64Array(pool.persons).fill(1);
      const random = seededRandom(SEED + 1);
      const draws = Array.from({ length: RESAMPLES }, () => pool.draw(random));
      const rows = FPIRS.map((fpir): OpenSetRow => {
        const { threshold, fnir } = pool.rate(fpir, everybodyOnce);
        const fnirs = Float64Array.from(draws, (weights) => pool.rate(fpir, weights).fnir);
        const ratios = Float64Array.from(
          draws,
          (weights, i) => (fnirs[i] as number) / firstPool.rate(fpir, weights).fnir,
        );
        return {
          fpir,
          threshold,
          fnir,
          fnirInterval: interval(fnirs),
          ratio: fnir / firstPool.rate(fpir, everybodyOnce).fnir,
          ratioInterval: interval(ratios),
        };
      });
      return [
        name,
        {
          enrolled,
          matedPersons: searches.matedPersons,
          matedSearches: searches.mated.length,
          strangers: searches.strangers,
          strangerSearches: searches.nonMated.length,
          rows,
        },
      ];
    }),
  );
}

function interval(values: Float64Array): readonly [number, number] {
  const sorted = values.slice().sort();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}
