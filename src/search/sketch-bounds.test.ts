import { expect, test } from 'vitest';
import { dot, embeddingMaker, spreadOf } from '../../tests/search/embeddings.ts';
import { sketchError, sketchMargin, standsOut } from './sketch-bounds.ts';

test('sketches err as little as is claimed', () => {
  // Normally distributed unit vectors are what rotated templates look like
  const dims = 512;
  const make = embeddingMaker(dims, 21);
  const flat = (): Float32Array => {
    const vector = make.stranger().map((value, i) => value / spreadOf(i, dims));
    const length = Math.sqrt(dot(vector, vector));
    return vector.map((value) => value / length);
  };
  for (const score of [0, 0.4, 0.7]) {
    for (const share of [0.25, 0.5, 1]) {
      const errors = Array.from({ length: 1500 }, () => {
        const x = flat();
        const other = flat();
        const along = dot(x, other);
        const w = other.map((value, i) => value - along * (x[i] ?? 0));
        const length = Math.sqrt(dot(w, w));
        let sum = 0;
        for (let i = 0; i < share * dims; i++) {
          const q = score * (x[i] ?? 0) + (Math.sqrt(1 - score ** 2) * (w[i] ?? 0)) / length;
          sum += q * Math.sign(x[i] ?? 0);
        }
        return sum / (share * Math.sqrt(dims) * Math.sqrt(2 / Math.PI)) - score;
      });
      const mean = errors.reduce((a, b) => a + b) / errors.length;
      const spread = Math.sqrt(errors.reduce((a, b) => a + (b - mean) ** 2, 0) / errors.length);
      expect(Math.abs(mean)).toBeLessThan(0.01);
      expect(spread).toBeLessThan(1.1 * sketchError(score, share, dims));
      expect(spread).toBeGreaterThan(0.75 * sketchError(score, share, dims));
    }
  }
});

test('a long list without a least score spares fewer strangers, and misses nobody who stands out from them', () => {
  const long = { margin: 4.2, maxPersons: 10, minScore: -2 };
  expect(sketchMargin(long, 0.2)).toBeCloseTo(2.2);
  expect(sketchMargin({ ...long, maxPersons: 2 }, 0.2)).toBe(4.2);
  expect(sketchMargin({ ...long, minScore: 0.42 }, 0.42)).toBe(4.2);
  // Whoever stands out has all of the standard errors between them and the cut.
  const lastScore = 0.2;
  const mate = lastScore + 2 * sketchError(lastScore, 1, 512);
  const spared = mate - lastScore + 2.2 * sketchError(lastScore, 1, 512);
  expect(spared / sketchError(mate, 1, 512)).toBeGreaterThanOrEqual(4.2);
  expect(standsOut(mate, { maxPersons: 10, lastScore, dims: 512 })).toBe(true);
  expect(standsOut(mate - 0.01, { maxPersons: 10, lastScore, dims: 512 })).toBe(false);
  expect(standsOut(0.21, { maxPersons: 2, lastScore, dims: 512 })).toBe(true);
  expect(standsOut(0.21, { maxPersons: 10, lastScore: undefined, dims: 512 })).toBe(true);
});
