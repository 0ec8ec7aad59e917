import { describe, expect, test } from 'vitest';
import { decide, decisionRule } from './decide.ts';
import type { Calibration } from './types.ts';

const calibration: Calibration = {
  midpointScore: 0.42,
  slope: 35.8,
  impostorTail: [
    { score: 0.248, falseMatchRate: 1e-2 },
    { score: 0.341, falseMatchRate: 1e-3 },
    { score: 0.419, falseMatchRate: 1e-4 },
    { score: 0.487, falseMatchRate: 1e-5 },
  ],
  measuredOn: 'test',
};
const rule = (persons: number, targetFpir?: number) =>
  decisionRule(calibration, { persons, enrolments: persons, targetFpir, ownTail: undefined });

describe('the threshold', () => {
  test('rises with the gallery, and the expected rate stays what was asked for', () => {
    const rules = [100, 1000, 10_000, 100_000, 1_000_000].map((persons) => rule(persons, 0.01));
    for (const [i, current] of rules.entries()) {
      expect(current.expectedFpir).toBeCloseTo(0.01, 5);
      const previous = rules[i - 1];
      if (previous) expect(current.thresholdScore - previous.thresholdScore).toBeGreaterThan(0.04);
    }
  });

  test('agrees with 610 people measured: 1 % of strangers reach .468 to .481', () => {
    const { thresholdScore } = rule(610, 0.01);
    expect(thresholdScore).toBeGreaterThan(0.455);
    expect(thresholdScore).toBeLessThan(0.485);
  });

  test('of a small gallery that asks for no rate is never laxer than a 1:1 comparison', () => {
    expect(rule(3).thresholdScore).toBe(0.42);
    expect(rule(3).expectedFpir).toBeLessThan(0.001);
    expect(rule(3, 0.01).thresholdScore).toBeLessThan(0.35);
  });

  test('of an empty gallery names nobody', () => {
    expect(rule(0).expectedFpir).toBe(0);
    expect(decide([], rule(0), calibration)).toBe('unknown');
  });

  test('follows the wanted rate', () => {
    expect(rule(1000, 0.1).thresholdScore).toBeLessThan(rule(1000, 0.01).thresholdScore);
    expect(rule(1000, 0.001).thresholdScore).toBeGreaterThan(rule(1000, 0.01).thresholdScore);
  });

  test('is higher when people have several enrolments each', () => {
    const several = decisionRule(calibration, { persons: 610, enrolments: 1830, targetFpir: 0.01, ownTail: undefined });
    expect(several.thresholdScore).toBeGreaterThan(rule(610, 0.01).thresholdScore);
  });
});

describe('a search ends as', () => {
  const thousand = rule(1000);
  test('a match at the threshold, a question below it, unknown below that', () => {
    expect(decide([thousand.thresholdScore], thousand, calibration)).toBe('match');
    expect(decide([thousand.thresholdScore - 0.01], thousand, calibration)).toBe('review');
    expect(decide([thousand.reviewScore - 0.01], thousand, calibration)).toBe('unknown');
  });

  test('a question when two people are about equally close', () => {
    expect(decide([0.7, 0.68], thousand, calibration)).toBe('review');
    expect(decide([0.7, 0.6], thousand, calibration)).toBe('match');
  });
});
