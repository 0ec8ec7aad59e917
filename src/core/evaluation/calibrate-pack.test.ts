import { expect, test } from 'vitest';
import { seededRandom } from '../statistics/seeded-random.ts';
import { calibratePack, TooFewPairsError } from './calibrate-pack.ts';

const IMPOSTORS = 400_000;
const KNOWN = { middle: 0.05, spread: 0.04 };

/** Sorted scores, exponential above their middle: rate(score) = e^((middle − score) / spread) / 2. */
function scoresOf(
  count: number,
  { middle, spread }: { readonly middle: number; readonly spread: number },
): Float32Array {
  const random = seededRandom(7);
  const scores = Float32Array.from({ length: count }, () => {
    const side = random() < 0.5 ? -1 : 1;
    return middle - side * spread * Math.log(1 - random());
  });
  return scores.sort();
}

/**
 * Of the extended score: the shape of a law fitted to 500 excesses is known to 1 / √500 (Hosking & Wallis, 1987), and
 * moves the score by spread · ln² / 2 of how far beyond them the rate lies; nothing where rates were counted.
 */
function standardError(rate: number): number {
  if (rate * IMPOSTORS >= 20) return 0;
  return (KNOWN.spread * Math.log(500 / IMPOSTORS / rate) ** 2) / 2 / Math.sqrt(500);
}

test('a known tail is found where it was counted, and beyond within what a fit can know', () => {
  const genuine = Float32Array.from({ length: 2000 }, (_, i) => 0.5 + (0.4 * i) / 2000);
  const calibration = calibratePack({ genuine, impostor: scoresOf(IMPOSTORS, KNOWN) }, '900 photos');
  const trueScoreAt = (rate: number): number => KNOWN.middle - KNOWN.spread * Math.log(2 * rate);

  expect(calibration.impostorTail.length).toBeGreaterThan(8);
  for (const { score, falseMatchRate } of calibration.impostorTail) {
    expect(Math.abs(score - trueScoreAt(falseMatchRate))).toBeLessThan(0.01 + 3 * standardError(falseMatchRate));
  }
  expect(calibration.midpointScore).toBeCloseTo(trueScoreAt(1e-4), 1);
  expect(calibration.slope).toBeGreaterThan(5);
  expect(calibration.measuredOn).toContain('400,000 impostor and 2,000 genuine');
});

test('too few pairs are no calibration', () => {
  const genuine = new Float32Array(99).fill(0.8);
  expect(() => calibratePack({ genuine, impostor: scoresOf(20_000, { middle: 0, spread: 0.05 }) }, '')).toThrow(
    TooFewPairsError,
  );
});
