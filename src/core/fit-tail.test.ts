import { describe, expect, test } from 'vitest';
import { type BestNonMate, fitTail } from './fit-tail.ts';
import { fpirAt, packTail, type TailCurve, thresholdFor } from './impostor-tail.ts';

// Rates measured for the `fast` pack on 87 million impostor pairs (docs/accuracy.md).
const pack = packTail({
  midpointScore: 0.42,
  slope: 35.8,
  impostorTail: [
    { score: 0.248, falseMatchRate: 1e-2 },
    { score: 0.341, falseMatchRate: 1e-3 },
    { score: 0.419, falseMatchRate: 1e-4 },
    { score: 0.487, falseMatchRate: 1e-5 },
  ],
  measuredOn: 'test',
});

/** Known truth: single comparisons fall by a decade every 0.05 above 0.2: lighter than the pack's tail. */
const truth: TailCurve = {
  persons: 1,
  points: [
    { score: 0.2, fpir: 1e-2, lower: 1e-2, upper: 1e-2 },
    { score: 0.25, fpir: 1e-3, lower: 1e-3, upper: 1e-3 },
  ],
  measuredOn: 'made up',
};

const thousand = { persons: 1000, packCurve: pack };

/** Best score among `persons` strangers, drawn by inverting the law of the maximum. */
function drawBest(random: () => number, curve: TailCurve, persons: number): number {
  return thresholdFor(curve, random(), { persons });
}

function syntheticGallery(
  seed: number,
  { curve, persons, sample = persons }: { curve: TailCurve; persons: number; sample?: number },
): BestNonMate[] {
  const random = mulberry32(seed);
  return Array.from({ length: sample }, (_, personNo) => ({
    personNo,
    otherPersonNo: (personNo + 1) % persons,
    score: drawBest(random, curve, persons - 1),
  }));
}

describe('a gallery with a known tail', () => {
  test.each([
    { persons: 300, sample: 300, curve: truth },
    { persons: 1000, sample: 1000, curve: pack },
    { persons: 10_000, sample: 4000, curve: truth },
    { persons: 100_000, sample: 4000, curve: pack },
    { persons: 1_000_000, sample: 4000, curve: truth },
  ])('of $persons persons gets thresholds that keep the promised rate', ({ persons, sample, curve }) => {
    let inside = 0;
    const trials = 12;
    for (let seed = 0; seed < trials; seed++) {
      const fitted = fitTail(syntheticGallery(seed, { curve, persons, sample }), { persons, packCurve: pack });
      if (!fitted) throw new Error('too small');
      for (const targetFpir of [0.1, 0.03, 0.01]) {
        const score = thresholdFor(fitted.curve, targetFpir, { persons });
        const actual = fpirAt(curve, score, { persons });
        const lower = fpirAt(fitted.curve, score, { persons, bound: 'lower' });
        const upper = fpirAt(fitted.curve, score, { persons, bound: 'upper' });
        if (actual >= lower && actual <= upper) inside++;
      }
    }
    // The interval is a 90 % one; synthetic persons are independent, so it should be wider than needed.
    expect(inside / (trials * 3)).toBeGreaterThan(0.85);
  });
});

test('a gallery that grows tenfold raises its threshold and keeps the expected rate', () => {
  const fitted = fitTail(syntheticGallery(1, { curve: truth, persons: 1000 }), thousand);
  if (!fitted) throw new Error('too small');
  const at = (persons: number) => thresholdFor(fitted.curve, 0.01, { persons });
  expect(at(10_000)).toBeGreaterThan(at(1000) + 0.03);
  expect(fpirAt(fitted.curve, at(10_000), { persons: 10_000 })).toBeCloseTo(0.01, 4);
});

test('people enrolled twice are reported and hardly move the threshold', () => {
  const gallery = syntheticGallery(2, { curve: truth, persons: 1000 });
  const clean = fitTail(gallery, thousand);
  const twice = gallery.map((row) => {
    const pair = [3, 4, 700, 701].indexOf(row.personNo);
    if (pair === -1) return row;
    return { ...row, otherPersonNo: row.personNo % 2 ? row.personNo + 1 : row.personNo - 1, score: 0.66 + pair / 100 };
  });
  twice[700] = { personNo: 700, otherPersonNo: 701, score: 0.7 };
  twice[701] = { personNo: 701, otherPersonNo: 700, score: 0.7 };
  const spoilt = fitTail(twice, thousand);
  if (!clean || !spoilt) throw new Error('too small');
  expect(clean.likelyDuplicates).toEqual([]);
  expect(spoilt.likelyDuplicates.map(({ personNos }) => personNos)).toEqual([
    [700, 701],
    [3, 4],
  ]);
  for (const targetFpir of [0.1, 0.01]) {
    const moved =
      thresholdFor(spoilt.curve, targetFpir, { persons: 1000 }) -
      thresholdFor(clean.curve, targetFpir, { persons: 1000 });
    expect(Math.abs(moved)).toBeLessThan(0.01);
  }
});

test('a gallery whose strangers are closer than the pack thought is not called full of duplicates', () => {
  // A decade every 0.09 from 0.3 on: tail far heavier than the pack's, as from one poor camera.
  const heavy: TailCurve = {
    ...truth,
    points: [
      { score: 0.3, fpir: 1e-2, lower: 1e-2, upper: 1e-2 },
      { score: 0.39, fpir: 1e-3, lower: 1e-3, upper: 1e-3 },
    ],
  };
  const fitted = fitTail(syntheticGallery(3, { curve: heavy, persons: 1000 }), thousand);
  if (!fitted) throw new Error('too small');
  expect(fitted.likelyDuplicates.length).toBeLessThan(10);
  const score = thresholdFor(fitted.curve, 0.01, { persons: 1000 });
  expect(fpirAt(heavy, score, { persons: 1000 })).toBeLessThan(0.025);
});

test('a small gallery has no tail of its own', () => {
  expect(fitTail(syntheticGallery(1, { curve: truth, persons: 49 }), { persons: 49, packCurve: pack })).toBeUndefined();
});

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
