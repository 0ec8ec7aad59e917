import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Box } from '../../core/types.ts';
import { placeLabels } from './place-labels.ts';

const picture = { widthPx: 1000, heightPx: 800 };
const face = (leftPx: number, topPx: number, sidePx = 100) => ({
  box: { leftPx, topPx, widthPx: sidePx, heightPx: sidePx },
  label: { widthPx: 180, heightPx: 50 },
});
const overlaps = (a: Box, b: Box) =>
  a.leftPx < b.leftPx + b.widthPx &&
  b.leftPx < a.leftPx + a.widthPx &&
  a.topPx < b.topPx + b.heightPx &&
  b.topPx < a.topPx + a.heightPx;

test('a label stands under its face, in the middle', () => {
  expect(placeLabels(picture, [face(400, 300)], 5)).toEqual([{ leftPx: 360, topPx: 405, widthPx: 180, heightPx: 50 }]);
});

test('at the lower edge it goes above', () => {
  expect(placeLabels(picture, [face(400, 700)], 5)[0]).toMatchObject({ topPx: 645 });
});

test('neighbours in a row share the room without covering each other or a face', () => {
  const row = [face(100, 300), face(210, 300), face(320, 300), face(430, 300)];
  const labels = placeLabels(picture, row, 5);
  for (const [i, label] of labels.entries()) {
    for (const other of labels.slice(i + 1)) expect(overlaps(label, other)).toBe(false);
    for (const { box } of row) expect(overlaps(label, box)).toBe(false);
  }
});

test('every face gets a label inside the picture, wherever the faces are', () => {
  const anyFace = fc
    .tuple(fc.integer({ min: -50, max: 990 }), fc.integer({ min: -50, max: 790 }), fc.integer({ min: 10, max: 700 }))
    .map(([left, top, side]) => face(left, top, side));
  fc.assert(
    fc.property(fc.array(anyFace, { maxLength: 30 }), (faces) => {
      const labels = placeLabels(picture, faces, 5);
      expect(labels).toHaveLength(faces.length);
      for (const { leftPx, topPx, widthPx, heightPx } of labels) {
        expect(leftPx).toBeGreaterThanOrEqual(0);
        expect(topPx).toBeGreaterThanOrEqual(0);
        expect(leftPx + widthPx).toBeLessThanOrEqual(picture.widthPx);
        expect(topPx + heightPx).toBeLessThanOrEqual(picture.heightPx);
      }
    }),
    { numRuns: 50 },
  );
});
