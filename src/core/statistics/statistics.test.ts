import { describe, expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap-interval.ts';
import { equalErrorRate, tradeOffAt, tradeOffAtFalseMatchRate } from './error-trade-off.ts';
import { fitGeneralisedPareto, paretoExcess, paretoSurvival } from './generalised-pareto.ts';
import { proportionInterval, ruleOfThree } from './proportion-interval.ts';
import { seededRandom, shuffled } from './seeded-random.ts';

describe('the interval of a counted share', () => {
  // Published tables of Clopper and Pearson's 95 % interval
  test.each([
    [0, 10, 0, 0.3085],
    [1, 10, 0.00253, 0.44502],
    [5, 10, 0.18709, 0.81291],
    [10, 10, 0.6915, 1],
    [2, 100, 0.00243, 0.07038],
    [81, 263, 0.25273, 0.36766],
  ])('%i of %i is %f to %f', (errors, trials, lower, upper) => {
    const interval = proportionInterval(errors, trials);
    expect(interval.lower).toBeCloseTo(lower, 4);
    expect(interval.upper).toBeCloseTo(upper, 4);
  });

  test('is stable for a million trials', () => {
    const { lower, upper } = proportionInterval(100, 1_000_000);
    expect(lower * 1e6).toBeCloseTo(81.36, 0);
    expect(upper * 1e6).toBeCloseTo(121.63, 0);
  });

  test('of nothing seen follows the rule of three', () => {
    expect(ruleOfThree(300)).toBe(0.01);
    // One-sided 95 % is two-sided 90 %
    expect(proportionInterval(0, 300, 0.9).upper).toBeCloseTo(ruleOfThree(300), 3);
  });
});

describe('the bootstrap over persons', () => {
  test('agrees with the exact interval when each person is one trial', () => {
    const units = Array.from({ length: 400 }, (_, i) => ({ errors: i < 40 ? 1 : 0, trials: 1 }));
    const { lower, upper } = bootstrapInterval(units, { random: seededRandom(1) });
    const exact = proportionInterval(40, 400);
    expect(lower).toBeCloseTo(exact.lower, 2);
    expect(upper).toBeCloseTo(exact.upper, 2);
  });

  test('is as wide as persons are few, however many trials each has', () => {
    const few = Array.from({ length: 20 }, (_, i) => ({ errors: i < 2 ? 1000 : 0, trials: 1000 }));
    const { lower, upper } = bootstrapInterval(few, { random: seededRandom(1) });
    expect(upper - lower).toBeGreaterThan(0.2);
  });
});

describe('errors of comparison', () => {
  const scores = {
    genuine: Float32Array.of(0.3, 0.5, 0.6, 0.7),
    impostor: Float32Array.of(-0.1, 0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.55),
  };

  test('a score at the threshold is a match', () => {
    const { falseMatchRate, falseNonMatchRate } = tradeOffAt(scores, 0.5);
    expect([falseMatchRate, falseNonMatchRate]).toEqual([0.1, 0.25]);
    expect(tradeOffAt(scores, 0.6).falseNonMatchRate).toBe(0.5);
  });

  test('the threshold for a rate lets exactly so many impostors pass', () => {
    expect(tradeOffAtFalseMatchRate(scores, 0.1)).toMatchObject({ falseMatchRate: 0.1, falseNonMatchRate: 0.25 });
    expect(tradeOffAtFalseMatchRate(scores, 0.2)).toMatchObject({ falseMatchRate: 0.2 });
    expect(tradeOffAtFalseMatchRate(scores, 0.01)).toBeUndefined();
  });

  test('of two normal distributions are equal where they cross', () => {
    const random = seededRandom(3);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const genuine = Float32Array.from({ length: 20_000 }, () => 0.5 + 0.1 * normal()).sort();
    const impostor = Float32Array.from({ length: 20_000 }, () => 0.2 + 0.1 * normal()).sort();
    // Φ(−1.5)
    expect(equalErrorRate({ genuine, impostor })).toBeCloseTo(0.0668, 2);
  });
});

describe('the generalised Pareto law', () => {
  test.each([
    [-0.2, 0.05],
    [0, 0.04],
    [0.15, 0.03],
  ])('of shape %f and scale %f is found again from its own values', (shape, scale) => {
    const random = seededRandom(5);
    const law = { shape, scale };
    const exceedances = Float64Array.from({ length: 20_000 }, () => paretoExcess(law, 1 - random())).sort();
    const fitted = fitGeneralisedPareto(exceedances);
    expect(fitted.shape).toBeCloseTo(shape, 1);
    expect(fitted.scale / scale).toBeCloseTo(1, 1);
    expect(paretoSurvival(law, paretoExcess(law, 1e-4))).toBeCloseTo(1e-4, 8);
  });

  test('with a tail that ends has nothing beyond its end', () => {
    expect(paretoSurvival({ shape: -0.5, scale: 0.1 }, 0.21)).toBe(0);
  });
});

test('the same seed draws the same, and a shuffle loses nothing', () => {
  const a = seededRandom(42);
  const b = seededRandom(42);
  const draws = Array.from({ length: 1000 }, a);
  expect(Array.from({ length: 1000 }, b)).toEqual(draws);
  expect(draws.reduce((sum, x) => sum + x, 0) / 1000).toBeCloseTo(0.5, 1);
  expect(shuffled([1, 2, 3, 4, 5], a).sort()).toEqual([1, 2, 3, 4, 5]);
});
