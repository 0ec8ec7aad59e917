import { expect, test } from 'vitest';
import { dot, embeddingMaker } from '../../tests/search/embeddings.ts';
import { paddedDims, ROTATION_ROUNDS } from './layout.ts';
import { createPlainKernel } from './plain-kernel.ts';
import { rotateVector, rotationSigns } from './rotation.ts';

test.each([100, 128, 200, 384, 512, 4096])('a vector of %d dimensions is turned as the kernels turn it', (length) => {
  const make = embeddingMaker(length, length);
  const [a, b] = [make.stranger(), make.stranger()];
  const dims = paddedDims(length);
  const memory = new SharedArrayBuffer(4 * dims * (1 + ROTATION_ROUNDS));
  const values = new Float32Array(memory, 0, dims);
  values.set(a);
  new Float32Array(memory, 4 * dims).set(rotationSigns(dims));
  createPlainKernel(memory).rotate(0, 4 * dims, dims, ROTATION_ROUNDS);
  const rotated = rotateVector(a);
  for (let i = 0; i < dims; i++) expect(rotated[i]).toBeCloseTo(values[i] as number, 5);
  expect(dot(rotated, rotateVector(b))).toBeCloseTo(dot(a, b), 5);
  expect(dot(rotated, rotateVector(a.map((x) => 3 * x)))).toBeCloseTo(1, 5);
});
