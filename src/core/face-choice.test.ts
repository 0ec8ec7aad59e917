import { describe, expect, test } from 'vitest';
import { KithError } from './errors.ts';
import { chooseFace } from './face-choice.ts';
import type { AnalysedImage, Box } from './types.ts';

const box = (leftPx: number, topPx: number, sidePx: number): Box => ({
  leftPx,
  topPx,
  widthPx: sidePx,
  heightPx: sidePx,
});
const photo = (...boxes: Box[]): AnalysedImage => ({
  widthPx: 400,
  heightPx: 300,
  faces: boxes.map((b) => ({ box: b, detectorScore: 0.9, landmarks: [] })),
});
const problemOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (error instanceof KithError) return error.problem;
    throw error;
  }
  throw new Error('nothing was refused');
};

const large = box(200, 100, 120);
const small = box(20, 20, 60);

describe('without a target', () => {
  test('the only face is meant', () => {
    expect(chooseFace(photo(small), undefined).box).toBe(small);
  });

  test('none and several are refused, saying how many', () => {
    expect(problemOf(() => chooseFace(photo(), undefined))).toMatchObject({ fault: 'no-face' });
    expect(problemOf(() => chooseFace(photo(large, small), undefined))).toMatchObject({
      fault: 'several-faces',
      message: expect.stringContaining('2 faces'),
    });
  });
});

test('the largest is taken when asked for', () => {
  expect(chooseFace(photo(large, small), 'largest').box).toBe(large);
  expect(problemOf(() => chooseFace(photo(), 'largest'))).toMatchObject({ fault: 'no-face' });
});

describe('with a box', () => {
  test('the face that overlaps most is meant', () => {
    expect(chooseFace(photo(large, small), box(25, 25, 60)).box).toBe(small);
  });

  test('a box on no face, and one that leaves the photo, are refused', () => {
    expect(problemOf(() => chooseFace(photo(large), box(20, 20, 60)))).toMatchObject({ fault: 'no-face' });
    expect(problemOf(() => chooseFace(photo(large), box(350, 100, 60)))).toMatchObject({ kind: 'invalid-argument' });
    expect(problemOf(() => chooseFace(photo(large), box(-1, 0, 60)))).toMatchObject({ kind: 'invalid-argument' });
  });
});
