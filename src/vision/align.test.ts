import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Point } from '../core/types.ts';
import { fitSimilarity, invertSimilarity } from './align.ts';
import type { Similarity } from './face-patch.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const similarities = fc
  .record({
    scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
    turn: fc.double({ min: -3, max: 3, noNaN: true }),
    tx: coordinate,
    ty: coordinate,
  })
  .map(({ scale, turn, tx, ty }): Similarity => ({ a: scale * Math.cos(turn), b: scale * Math.sin(turn), tx, ty }));
const FACE: readonly Point[] = [
  { xPx: 38, yPx: 52 },
  { xPx: 74, yPx: 52 },
  { xPx: 56, yPx: 72 },
  { xPx: 42, yPx: 92 },
  { xPx: 71, yPx: 92 },
];

function apply({ a, b, tx, ty }: Similarity, { xPx, yPx }: Point): Point {
  return { xPx: a * xPx - b * yPx + tx, yPx: b * xPx + a * yPx + ty };
}

function squaredError(map: Similarity, from: readonly Point[], to: readonly Point[]): number {
  return from.reduce((sum, point, i) => {
    const moved = apply(map, point);
    const target = to[i] as Point;
    return sum + (moved.xPx - target.xPx) ** 2 + (moved.yPx - target.yPx) ** 2;
  }, 0);
}

test('a similarity is found again from the points it moved', () => {
  fc.assert(
    fc.property(similarities, (map) => {
      const fitted = fitSimilarity(
        FACE,
        FACE.map((point) => apply(map, point)),
      );
      for (const key of ['a', 'b'] as const) expect(fitted[key]).toBeCloseTo(map[key], 6);
      for (const key of ['tx', 'ty'] as const) expect(fitted[key]).toBeCloseTo(map[key], 3);
    }),
  );
});

test('of disturbed points no similarity nearby fits better', () => {
  const shifts = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 5, maxLength: 5 });
  const nudges = fc.record({
    a: fc.double({ min: -0.1, max: 0.1, noNaN: true }),
    b: fc.double({ min: -0.1, max: 0.1, noNaN: true }),
    tx: fc.double({ min: -2, max: 2, noNaN: true }),
    ty: fc.double({ min: -2, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(similarities, shifts, nudges, (map, noise, nudge) => {
      const to = FACE.map((point, i) => {
        const moved = apply(map, point);
        return { xPx: moved.xPx + (noise[i]?.x ?? 0) / 20, yPx: moved.yPx + (noise[i]?.y ?? 0) / 20 };
      });
      const best = fitSimilarity(FACE, to);
      const other = { a: best.a + nudge.a, b: best.b + nudge.b, tx: best.tx + nudge.tx, ty: best.ty + nudge.ty };
      expect(squaredError(best, FACE, to)).toBeLessThanOrEqual(squaredError(other, FACE, to) + 1e-6);
    }),
  );
});

test('an inverse undoes', () => {
  fc.assert(
    fc.property(similarities, coordinate, coordinate, (map, xPx, yPx) => {
      const back = apply(invertSimilarity(map), apply(map, { xPx, yPx }));
      expect(back.xPx).toBeCloseTo(xPx, 4);
      expect(back.yPx).toBeCloseTo(yPx, 4);
    }),
  );
});
