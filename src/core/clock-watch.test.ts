import { expect, test } from 'vitest';
import { watchClock } from './clock-watch.ts';

const DAY_MS = 86_400_000;

test('a clock that goes on or is set right has not jumped, one that is set ahead or back by days has', () => {
  let nowMs = 1e12;
  let upMs = 500;
  const watch = watchClock({ nowMs: () => nowMs }, () => upMs);
  const pass = (ms: number) => {
    nowMs += ms;
    upMs += ms;
  };
  pass(400 * DAY_MS);
  expect(watch.hasJumped()).toBe(false);
  nowMs -= 5000;
  expect(watch.hasJumped()).toBe(false);
  nowMs += 2 * DAY_MS;
  expect(watch.hasJumped()).toBe(true);
  nowMs -= 4 * DAY_MS;
  pass(DAY_MS);
  expect(watch.hasJumped()).toBe(true);
});
