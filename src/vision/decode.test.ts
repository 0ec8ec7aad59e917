import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { samplePhoto } from '../../tests/support/photos.ts';
import { KithError } from '../core/errors.ts';
import { decodeImage, MAX_WORKING_SIDE_PX, restrictImageLoaders } from './decode.ts';
import type { RgbImage } from './rgb-image.ts';

const WIDTH = 96;
const HEIGHT = 64;
const RED = [220, 40, 30] as const;
const GREEN = [20, 180, 60] as const;
const BLUE = [30, 60, 200] as const;
const GREY = [128, 128, 128] as const;

/** Four quarters: red, green; blue, grey. */
function quarters(): Buffer {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const left = x < WIDTH / 2;
      data.set(y < HEIGHT / 2 ? (left ? RED : GREEN) : left ? BLUE : GREY, (y * WIDTH + x) * 3);
    }
  }
  return data;
}

function picture(): Sharp {
  return sharp(quarters(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

function pixelAt(image: RgbImage, x: number, y: number): number[] {
  return [...image.data.subarray((y * image.widthPx + x) * 3, (y * image.widthPx + x) * 3 + 3)];
}

function expectClose(actual: readonly number[], wanted: readonly number[], tolerance: number): void {
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - (wanted[i] ?? Number.NaN))));
  expect(worst, `${actual} is not ${wanted}`).toBeLessThanOrEqual(tolerance);
}

function expectQuarters(image: RgbImage, tolerance: number): void {
  expect([image.widthPx, image.heightPx]).toEqual([WIDTH, HEIGHT]);
  expectClose(pixelAt(image, 20, 14), RED, tolerance);
  expectClose(pixelAt(image, 70, 14), GREEN, tolerance);
  expectClose(pixelAt(image, 20, 50), BLUE, tolerance);
  expectClose(pixelAt(image, 70, 50), GREY, tolerance);
}

async function faultOf(bytes: Uint8Array): Promise<string> {
  const error = await decodeImage(bytes).then(
    () => 'decoded',
    (reason: unknown) => reason,
  );
  if (!(error instanceof KithError) || error.problem.kind !== 'image-unusable') throw new Error(`got ${error}`);
  return error.problem.fault;
}

describe('what is decoded', () => {
  test.each<[string, () => Promise<Buffer>, number]>([
    ['baseline JPEG', () => picture().jpeg({ quality: 95 }).toBuffer(), 6],
    ['progressive JPEG', () => picture().jpeg({ quality: 95, progressive: true }).toBuffer(), 6],
    ['PNG', () => picture().png().toBuffer(), 0],
    ['interlaced PNG', () => picture().png({ progressive: true }).toBuffer(), 0],
    ['palette PNG', () => picture().png({ palette: true, dither: 0 }).toBuffer(), 3],
    ['16-bit PNG', () => picture().toColourspace('rgb16').png().toBuffer(), 1],
    ['lossless WebP', () => picture().webp({ lossless: true }).toBuffer(), 0],
    ['WebP', () => picture().webp({ quality: 95 }).toBuffer(), 12],
    ['GIF', () => picture().gif({ dither: 0 }).toBuffer(), 4],
    ['CMYK JPEG', () => picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), 64], // inks cannot print these colours
  ])('%s becomes 8-bit sRGB', async (_name, encode, tolerance) => {
    expectQuarters((await decodeImage(await encode())).working, tolerance);
  });

  test('the unusual ones are what they are called', async () => {
    const deep = await sharp(await picture().toColourspace('rgb16').png().toBuffer()).metadata();
    expect([deep.depth, deep.bitsPerSample]).toEqual(['ushort', 16]);
    const print = await sharp(await picture().toColourspace('cmyk').jpeg().toBuffer()).metadata();
    expect(print.space).toBe('cmyk');
  });

  test('greyscale becomes three equal channels', async () => {
    const { working } = await decodeImage(await picture().greyscale().jpeg().toBuffer());
    const [red, green, blue] = pixelAt(working, 20, 14);
    expect(red).toBe(green);
    expect(red).toBe(blue);
  });

  test('what is transparent is black', async () => {
    const bytes = await picture().ensureAlpha(0).png().toBuffer();
    expect(pixelAt((await decodeImage(bytes)).working, 20, 14)).toEqual([0, 0, 0]);
  });

  test('of an animated GIF the first frame', async () => {
    const frame = (value: number) =>
      sharp({ create: { width: 32, height: 32, channels: 3, background: { r: value, g: 0, b: 0 } } })
        .png()
        .toBuffer();
    const animated = await sharp([await frame(200), await frame(20)], { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    const { working, widthPx, heightPx } = await decodeImage(animated);
    expect([widthPx, heightPx]).toEqual([32, 32]);
    expectClose(pixelAt(working, 16, 16), [200, 0, 0], 8);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i is undone', async (orientation) => {
    // The picture as a camera held that way stores it: the inverse of what the tag asks for
    const stored = { 1: [], 2: ['flop'], 3: [180], 4: ['flip'], 5: ['flip', 90], 6: [270], 7: ['flop', 90], 8: [90] };
    let bytes = await picture().png().toBuffer();
    for (const step of stored[orientation as keyof typeof stored]) {
      const image = sharp(bytes);
      bytes = await (step === 'flop' ? image.flop() : step === 'flip' ? image.flip() : image.rotate(Number(step)))
        .png()
        .toBuffer();
    }
    const photo = await sharp(bytes).jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer();
    const decoded = await decodeImage(photo);
    expect([decoded.widthPx, decoded.heightPx]).toEqual([WIDTH, HEIGHT]);
    expectQuarters(decoded.working, 8);
  });

  test('a large photo keeps its size in words and is shrunk for work', async () => {
    const bytes = await picture().resize(4000, 3000, { fit: 'fill' }).jpeg().toBuffer();
    const { widthPx, heightPx, working } = await decodeImage(bytes);
    expect([widthPx, heightPx]).toEqual([4000, 3000]);
    expect([working.widthPx, working.heightPx]).toEqual([MAX_WORKING_SIDE_PX, 1440]);
  });

  test('rubbish after the end of a JPEG does no harm', async () => {
    const bytes = Buffer.concat([
      await picture().jpeg({ quality: 95 }).toBuffer(),
      Buffer.from('appended by a camera'),
    ]);
    expectQuarters((await decodeImage(bytes)).working, 6);
  });
});

describe('what is refused', () => {
  let jpeg: Buffer;
  beforeAll(() => {
    jpeg = samplePhoto(6);
  });

  test.each([0.02, 0.1, 0.5, 0.9, 0.99])('a JPEG cut off at %f of its length', async (share) => {
    expect(await faultOf(jpeg.subarray(0, Math.floor(jpeg.length * share)))).toBe('undecodable');
  });

  test.each<[string, () => Promise<Buffer>]>([
    ['PNG', () => picture().png().toBuffer()],
    ['WebP', () => picture().webp({ lossless: true }).toBuffer()],
    ['GIF', () => picture().gif().toBuffer()],
  ])('a %s cut off half-way', async (_name, encode) => {
    const bytes = await encode();
    expect(await faultOf(bytes.subarray(0, bytes.length / 2))).toBe('undecodable');
  });

  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['no bytes at all', () => new Uint8Array()],
    ['text', () => Buffer.from('hello, I am not a photo')],
    ['the start of a JPEG alone', () => Uint8Array.of(0xff, 0xd8, 0xff)],
    ['TIFF', () => picture().tiff().toBuffer()],
    ['AVIF', () => picture().avif().toBuffer()],
    [
      'SVG',
      () =>
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'),
    ],
    ['PDF', () => Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\n')],
    [
      'an SVG that calls itself a PNG',
      () => Buffer.concat([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), Buffer.from('<svg/>')]),
    ],
  ])('%s', async (_name, make) => {
    expect(await faultOf(await make())).toBe('undecodable');
  });

  test('a PNG whose header promises 20,000 × 20,000 pixels, before one is decoded', async () => {
    const bytes = await picture().png().toBuffer();
    bytes.writeUInt32BE(20_000, 16);
    bytes.writeUInt32BE(20_000, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    expect(await faultOf(bytes)).toBe('too-many-pixels');
  });

  test('a BMP whose header promises 20,000 × 20,000 pixels', async () => {
    const bytes = Buffer.alloc(200);
    bytes.write('BM');
    bytes.writeUInt32LE(54, 10);
    bytes.writeUInt32LE(40, 14);
    bytes.writeInt32LE(20_000, 18);
    bytes.writeInt32LE(20_000, 22);
    bytes.writeUInt16LE(24, 28);
    expect(await faultOf(bytes)).toBe('too-many-pixels');
  });
});

describe('loaders', () => {
  test('once restricted, libvips itself reads nothing else', async () => {
    const tiff = await picture().tiff().toBuffer();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(sharp(tiff).metadata()).resolves.toMatchObject({ format: 'tiff' });
    restrictImageLoaders();
    await expect(sharp(tiff).metadata()).rejects.toThrow();
    await expect(sharp(svg).metadata()).rejects.toThrow();
    for (const bytes of [picture().jpeg(), picture().png(), picture().gif(), picture().webp()]) {
      expectQuarters((await decodeImage(await bytes.toBuffer())).working, 14);
    }
  });
});

/** CRC-32 of a PNG chunk's type and data. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
