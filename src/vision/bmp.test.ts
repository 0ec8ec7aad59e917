import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BmpHeader, decodeBmp, readBmpHeader } from './bmp.ts';

interface Recipe {
  readonly width: number;
  /** Negative: rows from the top. */
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  readonly masks?: readonly number[];
  /** RGB triples. */
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly pixels: readonly number[];
}

/** A bitmap with the 40-byte header, after Microsoft's description of it. */
function makeBmp({ width, height, bits, compression = 0, masks = [], palette = [], pixels }: Recipe): Buffer {
  const header = Buffer.alloc(54);
  const tables = Buffer.alloc(masks.length * 4 + palette.length * 4);
  masks.forEach((mask, i) => {
    tables.writeUInt32LE(mask, i * 4);
  });
  palette.forEach(([red, green, blue], i) => {
    tables.set([blue, green, red, 0], masks.length * 4 + i * 4);
  });
  header.write('BM');
  header.writeUInt32LE(header.length + tables.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(palette.length, 46);
  return Buffer.concat([header, tables, Buffer.from(pixels)]);
}

function decode(bytes: Uint8Array): { size: [number, number]; rgb: number[] } {
  const image = decodeBmp(bytes, readBmpHeader(bytes));
  return { size: [image.widthPx, image.heightPx], rgb: [...image.data] };
}

const RED = [255, 0, 0] as const;
const GREEN = [0, 255, 0] as const;
const BLUE = [0, 0, 255] as const;
const WHITE = [255, 255, 255] as const;
const UPRIGHT = { size: [2, 2], rgb: [...RED, ...GREEN, ...BLUE, ...WHITE] };
const PALETTE = [RED, GREEN, BLUE, WHITE];

describe('2 × 2: red, green; blue, white', () => {
  test.each<[string, Recipe]>([
    [
      '24 bits, rows from the bottom',
      { width: 2, height: 2, bits: 24, pixels: [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0] },
    ],
    [
      '24 bits, rows from the top',
      { width: 2, height: -2, bits: 24, pixels: [0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 255, 255, 255, 0, 0] },
    ],
    [
      '32 bits',
      { width: 2, height: -2, bits: 32, pixels: [0, 0, 255, 9, 0, 255, 0, 9, 255, 0, 0, 9, 255, 255, 255, 9] },
    ],
    [
      '32 bits, masks of their own',
      {
        width: 2,
        height: -2,
        bits: 32,
        compression: 3,
        masks: [0xff, 0xff00, 0xff0000],
        pixels: [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 255, 255, 0],
      },
    ],
    [
      '32 bits, red in the highest byte',
      {
        width: 2,
        height: -2,
        bits: 32,
        compression: 3,
        masks: [0xff000000, 0xff0000, 0xff00],
        pixels: [0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255],
      },
    ],
    ['16 bits, 5-5-5', { width: 2, height: -2, bits: 16, pixels: [0x00, 0x7c, 0xe0, 0x03, 0x1f, 0x00, 0xff, 0x7f] }],
    [
      '16 bits, 5-6-5',
      {
        width: 2,
        height: -2,
        bits: 16,
        compression: 3,
        masks: [0xf800, 0x07e0, 0x001f],
        pixels: [0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0xff, 0xff],
      },
    ],
    ['8 bits', { width: 2, height: -2, bits: 8, palette: PALETTE, pixels: [0, 1, 0, 0, 2, 3, 0, 0] }],
    ['4 bits', { width: 2, height: -2, bits: 4, palette: PALETTE, pixels: [0x01, 0, 0, 0, 0x23, 0, 0, 0] }],
    [
      'RLE8: runs, then a literal of three',
      { width: 2, height: 2, bits: 8, compression: 1, palette: PALETTE, pixels: [1, 2, 1, 3, 0, 0, 1, 0, 1, 1, 0, 1] },
    ],
    [
      'RLE4',
      { width: 2, height: 2, bits: 4, compression: 2, palette: PALETTE, pixels: [2, 0x23, 0, 0, 2, 0x01, 0, 1] },
    ],
  ])('%s', (_name, recipe) => {
    expect(decode(makeBmp(recipe))).toEqual(UPRIGHT);
  });
});

test('1 bit, a row longer than a byte', () => {
  const recipe = { width: 10, height: -1, bits: 1, palette: [RED, WHITE], pixels: [0b01000000, 0b01000000, 0, 0] };
  const { rgb } = decode(makeBmp(recipe));
  const whites = Array.from({ length: 10 }, (_, x) => rgb[x * 3 + 1] === 255);
  expect(whites).toEqual([false, true, false, false, false, false, false, false, false, true]);
});

test('RLE8 literals, skips and deltas', () => {
  // Row 0 (bottom): literal 1 2 3, padded to a word; then right 1, up 1, one pixel of 2
  const pixels = [0, 3, 1, 2, 3, 0, 0, 2, 1, 1, 1, 2, 0, 1];
  const { size, rgb } = decode(makeBmp({ width: 5, height: 2, bits: 8, compression: 1, palette: PALETTE, pixels }));
  expect(size).toEqual([5, 2]);
  const pixel = (x: number, y: number) => rgb.slice((y * 5 + x) * 3, (y * 5 + x) * 3 + 3);
  expect([pixel(0, 1), pixel(1, 1), pixel(2, 1)]).toEqual([[...GREEN], [...BLUE], [...WHITE]]);
  expect(pixel(4, 0)).toEqual([...BLUE]);
  expect(pixel(0, 0)).toEqual([...RED]);
});

describe('refused with a reason', () => {
  const good: Recipe = { width: 2, height: -2, bits: 8, palette: PALETTE, pixels: [0, 1, 0, 0, 2, 3, 0, 0] };
  test.each<[string, Recipe, RegExp]>([
    ['no width', { ...good, width: 0 }, /no size/],
    ['negative width', { ...good, width: -2 }, /no size/],
    ['an odd depth', { ...good, bits: 7 }, /7 bits/],
    ['an unknown compression', { ...good, compression: 5 }, /compression 5/],
    ['RLE4 in 8 bits', { ...good, compression: 2 }, /compression 2/],
    ['a compressed bitmap from the top', { ...good, compression: 1 }, /bottom-up/],
    [
      'a mask without bits',
      { width: 1, height: 1, bits: 32, compression: 3, masks: [0, 0xff00, 0xff], pixels: [0, 0, 0, 0] },
      /no bits/,
    ],
    ['pixels cut off', { ...good, pixels: [0, 1, 0, 0, 2] }, /cut off/],
    ['no pixels', { ...good, pixels: [] }, /no pixels/],
    ['a pixel outside the palette', { ...good, pixels: [0, 9, 0, 0, 2, 3, 0, 0] }, /palette/],
    ['a run out of the picture', { ...good, height: 2, compression: 1, pixels: [9, 1, 0, 1] }, /leaves/],
    ['codes without an end', { ...good, height: 2, compression: 1, pixels: [1, 1, 0, 0] }, /cut off/],
  ])('%s', (_name, recipe, reason) => {
    expect(() => decode(makeBmp(recipe))).toThrow(reason);
  });
});

test('any bytes are decoded or refused, never read past their end', () => {
  const recipes = fc.record({
    width: fc.integer({ min: -3, max: 40 }),
    height: fc.integer({ min: -40, max: 40 }),
    bits: fc.constantFrom(0, 1, 4, 8, 16, 24, 32),
    compression: fc.constantFrom(0, 1, 2, 3, 6),
    masks: fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 4 }),
    pixels: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 400 }),
  });
  fc.assert(
    fc.property(recipes, fc.integer({ min: 0, max: 40 }), (recipe, cut) => {
      const whole = makeBmp({ ...recipe, palette: PALETTE });
      const bytes = whole.subarray(0, whole.length - cut);
      let header: BmpHeader;
      try {
        header = readBmpHeader(bytes);
        const { widthPx, heightPx, data } = decodeBmp(bytes, header);
        expect(data.length).toBe(widthPx * heightPx * 3);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(RangeError);
        expect(error).not.toBeInstanceOf(TypeError);
      }
    }),
    { numRuns: 3000 },
  );
});
