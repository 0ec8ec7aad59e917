import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { certaintyOf } from './certainty.ts';
import { confidenceOf, falseMatchRateAt, scoreOf, strangerChance } from './score.ts';
import type { Calibration } from './types.ts';

const calibration: Calibration = {
  midpointScore: 0.42,
  slope: 35.8,
  impostorTail: [
    { score: 0.25, falseMatchRate: 1e-2 },
    { score: 0.42, falseMatchRate: 1e-4 },
    { score: 0.49, falseMatchRate: 1e-5 },
  ],
  measuredOn: 'made up for this test',
};

describe('confidence', () => {
  test('is 0.5 at the midpoint and turns back into the score', () => {
    expect(confidenceOf(0.42, calibration)).toBe(0.5);
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 0.7, noNaN: true }), (score) => {
        expect(scoreOf(confidenceOf(score, calibration), calibration)).toBeCloseTo(score, 6);
      }),
    );
  });
});

describe('false match rate', () => {
  test('is the measured one at a measured score', () => {
    for (const { score, falseMatchRate } of calibration.impostorTail) {
      expect(falseMatchRateAt(score, calibration)).toBeCloseTo(falseMatchRate, 12);
    }
  });

  test('goes on beyond the last point as between the last two', () => {
    expect(falseMatchRateAt(0.56, calibration)).toBeCloseTo(1e-6, 12);
  });

  test('never rises with the score and stays within 0..1', () => {
    const score = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(score, score, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const rates = [falseMatchRateAt(low, calibration), falseMatchRateAt(high, calibration)] as const;
        expect(rates[0]).toBeGreaterThanOrEqual(rates[1]);
        expect(rates[0]).toBeLessThanOrEqual(1);
        expect(rates[1]).toBeGreaterThan(0);
      }),
    );
  });

  test("a stranger's chance grows with the gallery: N × FMR while small, never above 1", () => {
    expect(strangerChance(0.49, 1, calibration)).toBeCloseTo(1e-5, 12);
    expect(strangerChance(0.49, 1000, calibration)).toBeCloseTo(0.00995, 5);
    expect(strangerChance(0.49, 10_000_000, calibration)).toBeCloseTo(1, 9);
    expect(strangerChance(-1, 5, calibration)).toBe(1);
  });
});

describe('certainty', () => {
  test('the same score says less in a larger gallery', () => {
    expect([1, 100, 10_000, 1_000_000].map((n) => certaintyOf(0.57, n, calibration))).toEqual([
      'very-likely',
      'very-likely',
      'likely',
      'not-sure',
    ]);
  });

  test('a score just above the threshold is not sure, however small the gallery', () => {
    expect(certaintyOf(0.43, 1, calibration)).toBe('not-sure');
    expect(certaintyOf(0.49, 1, calibration)).toBe('likely');
  });
});
