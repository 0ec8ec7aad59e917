import sharp from 'sharp';
import { expect, test } from 'vitest';
import { cutPortrait } from './portrait.ts';

const WIDTH_PX = 900;
const HEIGHT_PX = 600;
const WHITE = { widthPx: WIDTH_PX, heightPx: HEIGHT_PX, data: new Uint8Array(WIDTH_PX * HEIGHT_PX * 3).fill(255) };

async function pixelOf(jpeg: Uint8Array, xShare: number, yShare: number): Promise<number> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const column = Math.floor(xShare * (info.width - 1));
  return data[3 * (Math.floor(yShare * (info.height - 1)) * info.width + column)] as number;
}

test('a portrait is small, upright, without metadata, and shows nobody else', async () => {
  const face = { leftPx: 300, topPx: 200, widthPx: 200, heightPx: 200 };
  // Reaches from the right edge of the portrait into the face, which stays whole.
  const neighbour = { leftPx: 450, topPx: 200, widthPx: 200, heightPx: 200 };
  const portrait = await cutPortrait(WHITE, face, [face, neighbour]);
  const metadata = await sharp(portrait).metadata();
  expect(metadata).toMatchObject({ format: 'jpeg', width: 320, height: 320 });
  expect([metadata.exif, metadata.icc, metadata.xmp]).toEqual([undefined, undefined, undefined]);
  expect(await pixelOf(portrait, 0.5, 0.5)).toBeGreaterThan(250);
  expect(await pixelOf(portrait, 0.72, 0.5)).toBeGreaterThan(250);
  expect(await pixelOf(portrait, 0.95, 0.5)).toBeLessThan(135);
  expect(await pixelOf(portrait, 0.95, 0.02)).toBeGreaterThan(250);
});

test('a face at the edge of the photo makes a portrait of what there is', async () => {
  const face = { leftPx: -20, topPx: 540, widthPx: 100, heightPx: 100 };
  const { width, height } = await sharp(await cutPortrait(WHITE, face, [])).metadata();
  expect([width, height]).toEqual([120, 100]);
});
