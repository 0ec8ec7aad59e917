import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTemplateTransform } from './template-transform.ts';

function unitVector(dims: number): Float32Array {
  const vector = Float32Array.from(
    { length: dims },
    () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()),
  );
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function near(vector: Float32Array, noise: number): Float32Array {
  const other = unitVector(vector.length);
  const moved = vector.map((value, i) => value + noise * (other[i] as number));
  const length = Math.hypot(...moved);
  return moved.map((value) => value / length);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

describe.each([4, 128, 256, 512, 640, 1000, 1024])('templates of %d numbers', (dims) => {
  const transform = createTemplateTransform(randomBytes(32), dims);

  test('keep their scores among each other', () => {
    for (let i = 0; i < 20; i++) {
      const a = unitVector(dims);
      const b = near(a, i / 10);
      expect(cosine(transform.turn(a), transform.turn(b))).toBeCloseTo(cosine(a, b), 5);
      expect(Math.hypot(...transform.turn(a))).toBeCloseTo(1, 5);
    }
  });

  test('come back as they were', () => {
    const vector = unitVector(dims);
    const back = transform.turnBack(transform.turn(vector));
    for (let i = 0; i < dims; i++) expect(back[i]).toBeCloseTo(vector[i] as number, 6);
  });
});

test('one person’s templates under two keys are as strangers’: no score above what chance brings', () => {
  const dims = 512;
  const scores: number[] = [];
  for (let i = 0; i < 200; i++) {
    const [one, two] = [createTemplateTransform(randomBytes(32), dims), createTemplateTransform(randomBytes(32), dims)];
    const vector = unitVector(dims);
    scores.push(cosine(one.turn(vector), two.turn(vector)));
  }
  // Strangers' scores spread by 1/√512 = .044: 200 of them stay within ± .2 but once in ten thousand runs
  expect(Math.max(...scores.map(Math.abs))).toBeLessThan(0.25);
  const spread = Math.sqrt(scores.reduce((sum, score) => sum + score ** 2, 0) / scores.length);
  expect(spread).toBeGreaterThan(0.03);
  expect(spread).toBeLessThan(0.06);
});

test('even the simplest template is spread over all numbers', () => {
  const vector = new Float32Array(512);
  vector[0] = 1;
  const turned = createTemplateTransform(randomBytes(32), 512).turn(vector);
  expect(Math.max(...turned.map(Math.abs))).toBeLessThan(0.35);
});

test('the same key gives the same turn, ever', () => {
  const key = Buffer.alloc(32, 7);
  const vector = Float32Array.from({ length: 8 }, (_, i) => (i === 2 ? 1 : 0));
  // What is stored was turned so: a change of this would make it unreadable
  expect(
    [...createTemplateTransform(key, 8).turn(vector)].map((value) => Math.round(value * 1e4) / 1e4),
  ).toMatchInlineSnapshot(`
    [
      0.3536,
      0.3536,
      0.3536,
      0.3536,
      0.3536,
      -0.3536,
      0.3536,
      -0.3536,
    ]
  `);
});
