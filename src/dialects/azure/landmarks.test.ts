import { expect, test } from 'vitest';
import type { Point } from '../../core/types.ts';
import { azureLandmarks } from './landmarks.ts';

/** An upright face of 200 × 200 pixels that is its own mirror image, in the iBUG 300-W order. */
const face: readonly Point[] = [
  ...arc(17, 10, 190, (x) => 60 + 120 * Math.sin((Math.PI * (x - 10)) / 180)),
  ...arc(5, 30, 85, () => 50),
  ...arc(5, 115, 170, () => 50),
  ...Array.from({ length: 4 }, (_, i) => ({ xPx: 100, yPx: 70 + 15 * i })),
  ...arc(5, 80, 120, () => 125),
  ...eye(60),
  ...eye(140),
  ...arc(7, 65, 135, () => 150),
  ...arc(5, 123, 77, () => 162),
  ...arc(5, 70, 130, () => 153),
  ...arc(3, 115, 85, () => 157),
];

function arc(count: number, fromX: number, toX: number, y: (x: number) => number): Point[] {
  return Array.from({ length: count }, (_, i) => {
    const xPx = fromX + ((toX - fromX) * i) / (count - 1);
    return { xPx, yPx: y(xPx) };
  });
}

/** Outer or inner corner first, then clockwise. */
function eye(centreX: number): Point[] {
  const offsets = [
    [-15, 0],
    [-6, -5],
    [6, -5],
    [15, 0],
    [6, 5],
    [-6, 5],
  ] as const;
  return offsets.map(([dx, dy]) => ({ xPx: centreX + dx, yPx: 75 + dy }));
}

test('a face that is its own mirror image has landmarks that are', () => {
  const landmarks = azureLandmarks(face);
  const pairs = Object.entries(landmarks).filter(([name]) => /Left/.test(name));
  expect(pairs).toHaveLength(11);
  for (const [name, left] of pairs) {
    const right = landmarks[name.replace('Left', 'Right') as keyof typeof landmarks];
    expect({ name, x: left.x, y: left.y }).toEqual({ name, x: expect.closeTo(200 - right.x, 1), y: right.y });
    expect(left.x).toBeLessThan(right.x);
  }
});

test('landmarks lie where their names say', () => {
  const at = azureLandmarks(face);
  expect(Object.keys(at)).toHaveLength(27);
  expect([at.eyeLeftOuter.x, at.pupilLeft.x, at.eyeLeftInner.x]).toEqual([45, 60, 75]);
  expect(at.eyebrowLeftOuter.x).toBeLessThan(at.eyebrowLeftInner.x);
  expect(at.eyeLeftTop.y).toBeLessThan(at.pupilLeft.y);
  expect(at.pupilLeft.y).toBeLessThan(at.eyeLeftBottom.y);
  // The wing of the nose: its tip beyond the nostril's edge, its top above and further in
  expect(at.noseLeftAlarOutTip.x).toBeLessThan(80);
  expect(at.noseLeftAlarTop.x).toBeGreaterThan(at.noseLeftAlarOutTip.x);
  expect(at.noseLeftAlarTop.y).toBeLessThan(at.noseLeftAlarOutTip.y);
  const lips = [at.upperLipTop, at.upperLipBottom, at.underLipTop, at.underLipBottom].map(({ y }) => y);
  expect(lips).toEqual([...lips].sort((a, b) => a - b));
});

test('a face without 68 landmarks is a bug', () => {
  expect(() => azureLandmarks(face.slice(0, 5))).toThrow('not 68');
});
