import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['idetify', 'identify'],
  ['indentify', 'identify'],
  ['lsit', 'list'],
  ['Family', 'family'],
  ['famlly', 'family'],
  // Other words, however alike
  ['search', undefined],
  ['xx', undefined],
  ['', undefined],
  ['x'.repeat(5000), undefined],
])('%j was meant as %j', (word, meant) => {
  expect(nearest(word, ['serve', 'identify', 'list', 'family', 'verify'])).toBe(meant);
});

test('the nearest of several is taken', () => {
  expect(nearest('staf', ['stuff', 'staff'])).toBe('staff');
  expect(nearest('club', [])).toBeUndefined();
});
