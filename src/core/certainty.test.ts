import { expect, test } from 'vitest';
import { certaintyOf } from './certainty.ts';
import { packTail } from './impostor-tail.ts';
import { confidenceOf } from './score.ts';
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
const certaintyAmong = (score: number, persons: number) =>
  certaintyOf({ score, confidence: confidenceOf(score, calibration) }, { persons, tail: packTail(calibration) });

test('the same score says less in a larger gallery', () => {
  expect([1, 100, 10_000, 1_000_000].map((persons) => certaintyAmong(0.6, persons))).toEqual([
    'very-likely',
    'very-likely',
    'likely',
    'not-sure',
  ]);
});

test('a score just above the threshold is not sure, however small the gallery', () => {
  expect(certaintyAmong(0.43, 1)).toBe('not-sure');
  expect(certaintyAmong(0.49, 1)).toBe('likely');
  expect(certaintyAmong(0.56, 1)).toBe('very-likely');
});
