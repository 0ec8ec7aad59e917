import { expect, test } from 'vitest';
import { createRecentLoad } from './recent-load.ts';

const MINUTE_MS = 60_000;

function loadAt(startMs: number) {
  const time = { nowMs: startMs };
  // The wall clock is a million ahead of the monotonic one
  const load = createRecentLoad({ nowMs: () => time.nowMs, epochMs: () => time.nowMs + 1_000_000 });
  return { time, load };
}

test('requests, how long identifications took and what waited are told by the minute', () => {
  const { time, load } = loadAt(5000);
  for (let i = 1; i <= 100; i++) load.noteRequest({ isIdentify: true, elapsedMs: i });
  for (let i = 0; i < 20; i++) load.noteRequest({ isIdentify: false, elapsedMs: 9999 });
  for (const waiting of [3, 7, 1]) load.noteQueue(waiting);
  time.nowMs += MINUTE_MS;
  time.nowMs += 10_000;
  load.noteRequest({ isIdentify: false, elapsedMs: 1 });
  const [first, second, ...more] = load.minutes();
  expect(more).toEqual([]);
  expect(first).toMatchObject({ startMs: 1_005_000, requestsPerS: 2, identifications: 100, mostQueued: 7 });
  // To within the width of a bucket
  expect(first?.medianMs).toBeGreaterThan(47);
  expect(first?.medianMs).toBeLessThan(53);
  expect(first?.p95Ms).toBeGreaterThan(90);
  expect(first?.p95Ms).toBeLessThan(100);
  // The minute under way is told by its length so far; without identifications there is no time
  expect(second).toEqual({ startMs: 1_065_000, requestsPerS: 0.1, identifications: 0, mostQueued: 0 });
});

test('an hour is kept and no more, with its idle minutes', () => {
  const { time, load } = loadAt(0);
  load.noteRequest({ isIdentify: true, elapsedMs: 5 });
  time.nowMs += 30 * MINUTE_MS;
  load.noteRequest({ isIdentify: false, elapsedMs: 5 });
  expect(load.minutes()).toHaveLength(31);
  time.nowMs += 45 * MINUTE_MS;
  const later = load.minutes();
  expect(later).toHaveLength(60);
  expect(later.map(({ requestsPerS }) => requestsPerS > 0).indexOf(true)).toBe(30 - 16);
  expect(later.at(-1)?.startMs).toBe(1_000_000 + 75 * MINUTE_MS);
  time.nowMs += 24 * 60 * MINUTE_MS;
  expect(load.minutes()).toHaveLength(60);
  expect(load.minutes().every(({ requestsPerS, mostQueued }) => requestsPerS === 0 && mostQueued === 0)).toBe(true);
});

test.each([0, -1, Number.NaN, 1e12])('a time of %d ms breaks nothing', (elapsedMs) => {
  const { load } = loadAt(0);
  load.noteRequest({ isIdentify: true, elapsedMs });
  expect(load.minutes()[0]?.medianMs).toBeGreaterThan(0);
});
