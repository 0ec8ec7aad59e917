import { expect, test } from 'vitest';
import { createRateMeter, duration } from './rate-meter.ts';

test('knows nothing until something is done', () => {
  const meter = createRateMeter(1000);
  meter.note(0, 2000);
  expect(meter.perSecond()).toBeUndefined();
  expect(meter.secondsLeft(10)).toBeUndefined();
});

test('tells the rate of the last seconds, not of the fast beginning', () => {
  const meter = createRateMeter(0);
  for (let done = 1; done <= 1000; done++) meter.note(done, done);
  expect(meter.perSecond()).toBeCloseTo(1000, 0);
  for (let second = 1; second <= 60; second++) meter.note(1000 + second * 5, 1000 + second * 1000);
  expect(meter.perSecond()).toBeCloseTo(5, 1);
  expect(meter.secondsLeft(1400)).toBeCloseTo(20, 0);
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [200, '3 min 20 s'],
  [4000, '1 h 6 min'],
])('%d seconds are "%s"', (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});
