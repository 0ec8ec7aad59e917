import { expect, test } from 'vitest';
import { embeddingMaker } from '../../../tests/search/embeddings.ts';
import { rotateVector } from '../rotation.ts';
import { levelError, levelReach, levelSpread, reachOfShare, shareWithin, standsOut } from './level-distance.ts';
import { levelBits } from './wire-values.ts';

const DIMS = 512;
const make = embeddingMaker(DIMS, 3);

function distanceBetween(a: Float32Array, b: Float32Array): number {
  const [x, y] = [levelBits(rotateVector(a)), levelBits(rotateVector(b))];
  let count = 0;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) count++;
  return count;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

test('codes of a score lie as far apart as is said, spread as is said, and hardly ever beyond the reach', () => {
  for (const score of [-0.5, 0, 0.3, 0.5, 0.7, 0.9]) {
    const distances = Array.from({ length: 800 }, () => {
      const vector = make.stranger();
      return distanceBetween(vector, make.mate(vector, score));
    });
    const mean = meanOf(distances);
    const deviation = Math.sqrt(meanOf(distances.map((each) => (each - mean) ** 2)));
    const said = levelSpread(score);
    expect(Math.abs(mean - DIMS * said.mean)).toBeLessThan(1.5);
    expect(deviation / Math.sqrt(DIMS * said.variance)).toBeGreaterThan(0.92);
    expect(deviation / Math.sqrt(DIMS * said.variance)).toBeLessThan(1.08);
    const beyond = (margin: number): number =>
      distances.filter((each) => each > levelReach(score, margin, DIMS)).length;
    expect(beyond(4.2)).toBe(0);
    // A sixth lies beyond one standard error
    expect(beyond(1) / distances.length).toBeGreaterThan(0.1);
    expect(beyond(1) / distances.length).toBeLessThan(0.2);
  }
});

test('the share of strangers within a distance is about what is expected, either way round', () => {
  const probe = make.stranger();
  const distances = Array.from({ length: 4000 }, () => distanceBetween(probe, make.stranger()));
  for (const distance of [385, 410, 437]) {
    const share = distances.filter((each) => each <= distance).length / distances.length;
    expect(shareWithin(distance, DIMS) / share).toBeGreaterThan(0.4);
    expect(shareWithin(distance, DIMS) / share).toBeLessThan(2.5);
  }
  expect(shareWithin(2 * DIMS, DIMS)).toBeGreaterThan(0.999);
  expect(shareWithin(150, DIMS)).toBeLessThan(1e-5);
  for (const share of [1e-4, 0.01, 0.5]) {
    const reach = reachOfShare(share, DIMS);
    expect(shareWithin(reach, DIMS)).toBeGreaterThanOrEqual(share);
    expect(shareWithin(reach - 1, DIMS)).toBeLessThan(share);
  }
});

test('the end of a long list is trusted less, a least score never', () => {
  expect(standsOut(0.6, { maxPersons: 10, lastScore: 0.3, dims: DIMS })).toBe(true);
  expect(standsOut(0.35, { maxPersons: 10, lastScore: 0.3, dims: DIMS })).toBe(false);
  expect(standsOut(0.35, { maxPersons: 10, lastScore: undefined, dims: DIMS })).toBe(true);
  expect(levelError(0.5, DIMS)).toBeCloseTo(0.032, 3);
  for (const score of [-2, -1, 1, 2]) {
    const reach = levelReach(score, 4, DIMS);
    expect(reach).toBeGreaterThanOrEqual(0);
    expect(reach).toBeLessThanOrEqual(2 * DIMS);
  }
});
