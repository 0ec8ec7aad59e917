import { describe, expect, test } from 'vitest';
import { FacePatch } from './face-patch.ts';
import type { RgbImage } from './rgb-image.ts';

/** Red rises to the right, green downwards, both without steps; blue is constant. */
function gradient(widthPx: number, heightPx: number, perPx: number): RgbImage {
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) data.set([x * perPx, y * perPx, 77], (y * widthPx + x) * 3);
  }
  return { widthPx, heightPx, data };
}

const PHOTO = gradient(240, 200, 1);
const EVERYWHERE = { leftPx: 0, topPx: 0, widthPx: 240, heightPx: 200 };

function pixel(crop: Uint8Array, sidePx: number, u: number, v: number): number[] {
  return [...crop.subarray((v * sidePx + u) * 3, (v * sidePx + u) * 3 + 3)];
}

test('a crop at the photo’s own scale is the photo', () => {
  const crop = new FacePatch([PHOTO], EVERYWHERE).crop({ a: 1, b: 0, tx: 30, ty: 50 }, 16);
  expect(pixel(crop, 16, 0, 0)).toEqual([30, 50, 77]);
  expect(pixel(crop, 16, 15, 7)).toEqual([45, 57, 77]);
});

describe.each([1, 1.7, 2, 3.3, 4, 6.5])('shrunk %f times', (scale) => {
  test('every pixel shows the place it stands for', () => {
    const crop = new FacePatch([PHOTO], EVERYWHERE).crop({ a: scale, b: 0, tx: 20, ty: 30 }, 24);
    for (const [u, v] of [
      [0, 0],
      [23, 0],
      [0, 23],
      [11, 17],
    ] as const) {
      const [red = 0, green = 0, blue] = pixel(crop, 24, u, v);
      expect(Math.abs(red - (20 + u * scale))).toBeLessThanOrEqual(1);
      expect(Math.abs(green - (30 + v * scale))).toBeLessThanOrEqual(1);
      expect(blue).toBe(77);
    }
  });

  test('a smaller picture of the photo does as well', () => {
    const half = { ...gradient(120, 100, 2) };
    // Its pixel i covers photo pixels 2i and 2i + 1: half a level lighter than 2i
    half.data.forEach((value, i) => {
      if (i % 3 !== 2) half.data[i] = value + 0.5;
    });
    const crop = new FacePatch([PHOTO, half], EVERYWHERE).crop({ a: scale, b: 0, tx: 20, ty: 30 }, 24);
    const [red = 0, green = 0] = pixel(crop, 24, 11, 17);
    expect(Math.abs(red - (20 + 11 * scale))).toBeLessThanOrEqual(1.5);
    expect(Math.abs(green - (30 + 17 * scale))).toBeLessThanOrEqual(1.5);
  });
});

test('a turned crop follows the turn', () => {
  // A quarter: the crop's right is the photo's down
  const crop = new FacePatch([PHOTO], EVERYWHERE).crop({ a: 0, b: 1, tx: 100, ty: 40 }, 10);
  expect(pixel(crop, 10, 5, 0)).toEqual([100, 45, 77]);
  expect(pixel(crop, 10, 0, 5)).toEqual([95, 40, 77]);
});

test('outside of the photo it is black, at its rim it fades by the share outside', () => {
  const white = { widthPx: 20, heightPx: 20, data: new Uint8Array(20 * 20 * 3).fill(200) };
  const patch = new FacePatch([white], { leftPx: 0, topPx: 0, widthPx: 20, heightPx: 20 });
  const crop = patch.crop({ a: 1, b: 0, tx: -3.5, ty: 5 }, 30);
  expect(pixel(crop, 30, 2, 3)[0]).toBe(0);
  expect(pixel(crop, 30, 3, 3)[0]).toBe(100);
  expect(pixel(crop, 30, 4, 3)[0]).toBe(200);
  expect(pixel(crop, 30, 10, 14)[0]).toBe(200);
  expect(pixel(crop, 30, 10, 15)[0]).toBe(0);
  expect(pixel(crop, 30, 23, 3)[0]).toBe(100);
});

test('fine stripes shrink to their mean, not to one of them', () => {
  const data = new Uint8Array(200 * 200 * 3);
  for (let i = 0; i < 200 * 200; i++) data.fill(i % 2 === 0 ? 0 : 200, i * 3, i * 3 + 3);
  const patch = new FacePatch([{ widthPx: 200, heightPx: 200, data }], {
    leftPx: 0,
    topPx: 0,
    widthPx: 200,
    heightPx: 200,
  });
  const crop = patch.crop({ a: 4, b: 0, tx: 1.5, ty: 1.5 }, 40);
  expect(new Set(crop)).toEqual(new Set([100]));
});
