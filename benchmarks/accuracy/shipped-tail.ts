// Is the tail that a pack ships still the tail? Its rates beside those counted on other photographs.
import { type FaceComparisons, pairScores } from '../../src/core/evaluation/face-comparisons.ts';
import { quantile } from '../../src/core/statistics/bootstrap-interval.ts';
import { shareAtOrAbove } from '../../src/core/statistics/error-trade-off.ts';
import { ruleOfThree } from '../../src/core/statistics/proportion-interval.ts';
import { seededRandom } from '../../src/core/statistics/seeded-random.ts';
import type { Calibration } from '../../src/core/types.ts';

const RESAMPLES = 500;
const SEED = 3;

export interface TailCheck {
  readonly score: number;
  readonly shippedRate: number;
  readonly countedRate: number;
  /** 95 %, over persons, as pairs of one person are not independent; where none was seen, the rule of three over pairs. */
  readonly countedInterval: readonly [number, number];
  readonly pairs: number;
}

/** One row for each point of the tail; all pairs of two persons are counted. */
export function checkShippedTail(comparisons: FaceComparisons, { impostorTail }: Calibration): readonly TailCheck[] {
  const { impostor } = pairScores(comparisons, 0);
  const draws = drawPersons(comparisons.personNames.length);
  const hits = pairsAbove(comparisons, Math.min(...impostorTail.map(({ score }) => score)));
  const sizes = comparisons.facesOf.map(({ length }) => length);
  return impostorTail.map(({ score, falseMatchRate }) => {
    const above = hits.filter((hit) => hit.score >= score);
    const rates = Float64Array.from(draws, (times) => rateAmong(times, { above, sizes })).sort();
    return {
      score,
      shippedRate: falseMatchRate,
      countedRate: shareAtOrAbove(impostor, score),
      countedInterval:
        above.length === 0 ? [0, ruleOfThree(impostor.length)] : [quantile(rates, 0.025), quantile(rates, 0.975)],
      pairs: impostor.length,
    };
  });
}

interface PairAbove {
  readonly persons: readonly [number, number];
  readonly score: number;
}

function pairsAbove({ faces, personOf, scoreOf }: FaceComparisons, score: number): readonly PairAbove[] {
  const above: PairAbove[] = [];
  for (let a = 0; a < faces.length; a++) {
    for (let b = a + 1; b < faces.length; b++) {
      const persons = [personOf[a] as number, personOf[b] as number] as const;
      if (persons[0] === persons[1] || scoreOf(a, b) < score) continue;
      above.push({ persons, score: scoreOf(a, b) });
    }
  }
  return above;
}

/** How many times each person is drawn, with replacement. */
function drawPersons(persons: number): readonly Uint16Array[] {
  const random = seededRandom(SEED);
  return Array.from({ length: RESAMPLES }, () => {
    const times = new Uint16Array(persons);
    for (let i = 0; i < persons; i++) {
      const person = Math.floor(random() * persons);
      times[person] = (times[person] ?? 0) + 1;
    }
    return times;
  });
}

/** A person drawn twice is not their own impostor: only pairs of different persons count. */
function rateAmong(
  times: Uint16Array,
  found: { readonly above: readonly PairAbove[]; readonly sizes: readonly number[] },
): number {
  let hits = 0;
  for (const { persons } of found.above) hits += (times[persons[0]] as number) * (times[persons[1]] as number);
  let faces = 0;
  let own = 0;
  for (const [person, size] of found.sizes.entries()) {
    const drawn = (times[person] as number) * size;
    faces += drawn;
    own += drawn * drawn;
  }
  return hits / ((faces * faces - own) / 2);
}
