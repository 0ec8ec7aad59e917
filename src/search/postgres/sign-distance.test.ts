import { expect, test } from 'vitest';
import { embeddingMaker } from '../../../tests/search/embeddings.ts';
import { rotateVector } from '../rotation.ts';
import { shareWithin, signMargin, signReach, standsOut } from './sign-distance.ts';
import { signBits } from './wire-values.ts';

const DIMS = 512;
const make = embeddingMaker(DIMS, 3);

function distanceBetween(a: Float32Array, b: Float32Array): number {
  const [x, y] = [signBits(rotateVector(a)), signBits(rotateVector(b))];
  let count = 0;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) count++;
  return count;
}

test('rows of a score differ in as many signs as is said, and hardly ever in more than the reach', () => {
  for (const score of [0, 0.3, 0.5, 0.7, 0.9]) {
    const distances = Array.from({ length: 1500 }, () => {
      const vector = make.stranger();
      return distanceBetween(vector, make.mate(vector, score));
    });
    const mean = distances.reduce((sum, each) => sum + each, 0) / distances.length;
    expect(Math.abs(mean - (DIMS * Math.acos(score)) / Math.PI)).toBeLessThan(1.5);
    const beyond = (margin: number): number => distances.filter((each) => each > signReach(score, margin, DIMS)).length;
    expect(beyond(4.2)).toBe(0);
    // A sixth lies beyond one standard error, fewer where the score is high: what is said errs on the safe side only
    expect(beyond(1) / distances.length).toBeGreaterThan(0.02);
    expect(beyond(1) / distances.length).toBeLessThan(0.2);
  }
});

test('the share of strangers within a distance is about what is expected', () => {
  const probe = make.stranger();
  const distances = Array.from({ length: 4000 }, () => distanceBetween(probe, make.stranger()));
  for (const distance of [225, 240, 256]) {
    const share = distances.filter((each) => each <= distance).length / distances.length;
    expect(shareWithin(distance, DIMS) / share).toBeGreaterThan(0.4);
    expect(shareWithin(distance, DIMS) / share).toBeLessThan(2.5);
  }
  expect(shareWithin(DIMS, DIMS)).toBeGreaterThan(0.999);
  expect(shareWithin(100, DIMS)).toBeLessThan(1e-5);
});

test('the end of a long list is trusted less, a least score never', () => {
  expect(signMargin({ margin: 4, minScore: 0.4, maxPersons: 10 }, 0.4)).toBe(4);
  expect(signMargin({ margin: 4, minScore: 0.2, maxPersons: 10 }, 0.4)).toBe(2);
  expect(signMargin({ margin: 4, minScore: 0.2, maxPersons: 1 }, 0.4)).toBe(4);
  expect(standsOut(0.6, { maxPersons: 10, lastScore: 0.3, dims: DIMS })).toBe(true);
  expect(standsOut(0.35, { maxPersons: 10, lastScore: 0.3, dims: DIMS })).toBe(false);
  expect(standsOut(0.35, { maxPersons: 10, lastScore: undefined, dims: DIMS })).toBe(true);
  expect(signReach(2, 4, DIMS)).toBe(0);
  expect(signReach(-2, 4, DIMS)).toBe(DIMS);
});
