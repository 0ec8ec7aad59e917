import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { samplePhoto } from '../../tests/support/photos.ts';
import type { Face, FaceMeasurements, Point } from '../core/types.ts';
import { analyseImage } from './analyse.ts';
import { type FaceModels, openFaceModels } from './face-models.ts';
import { judgeQuality } from './quality.ts';

const EVERYTHING = { packId: 'fast', maxFaces: 1, measure: true, embed: false } as const;

let models: FaceModels;
let portrait: Buffer;
let face: Face;

beforeAll(async () => {
  models = await openFaceModels({ intraOpThreads: 1 });
  // The clearest of the people in the sixth photo, small enough that noise is not averaged away
  portrait = await sharp(samplePhoto(6))
    .extract({ left: 1010, top: 130, width: 520, height: 600 })
    .resize(260)
    .png()
    .toBuffer();
  face = await only(portrait);
});

async function only(photo: Buffer): Promise<Face> {
  const { faces } = await analyseImage(models, photo, EVERYTHING);
  if (!faces[0]) throw new Error('no face found');
  return faces[0];
}

async function measured(photo: Buffer): Promise<FaceMeasurements> {
  return (await only(photo)).measurements as FaceMeasurements;
}

test('a clear portrait is of high quality', () => {
  expect(face.quality).toEqual({ level: 'high', reasons: [] });
  expect(face.measurements?.blur).toBeLessThan(0.3);
  expect(face.measurements?.noise).toBeLessThan(0.1);
  expect(face.measurements?.exposure).toBeCloseTo(0.5, 1);
});

test('blur rises with blur', async () => {
  const blurs = [];
  for (const sigma of [1.5, 3, 4.5])
    blurs.push((await measured(await sharp(portrait).blur(sigma).png().toBuffer())).blur);
  expect(blurs).toEqual([...blurs].sort((a, b) => a - b));
  expect(blurs[0]).toBeGreaterThan((face.measurements?.blur ?? 1) + 0.1);
  expect(blurs[2]).toBeGreaterThan(0.75);
});

test('noise rises with noise', async () => {
  const { data, info } = await sharp(portrait).raw().toBuffer({ resolveWithObject: true });
  const noises = [];
  for (const amplitude of [12, 24]) {
    // Even, between −amplitude and amplitude, from a fixed sequence
    const bytes = Uint8ClampedArray.from(
      data,
      (value, i) => value + ((((i + 1) * 2_654_435_761) >>> 7) % (2 * amplitude)) - amplitude,
    );
    noises.push((await measured(await sharp(Buffer.from(bytes), { raw: info }).png().toBuffer())).noise);
  }
  expect(noises[0]).toBeGreaterThan((face.measurements?.noise ?? 1) * 2);
  expect(noises[1]).toBeGreaterThan((noises[0] ?? 1) * 1.4);
});

test('too little light and too much are told apart', async () => {
  const dark = await only(await sharp(portrait).linear(0.22, 0).png().toBuffer());
  const bright = await only(await sharp(portrait).linear(2.6, 0).png().toBuffer());
  expect(dark.measurements?.exposure).toBeLessThan(0.25);
  expect(dark.quality?.reasons).toContain('too-dark');
  expect(bright.measurements?.exposure).toBeGreaterThan(0.75);
  expect(bright.quality?.reasons).toContain('too-bright');
});

test('a small face is of lower quality', async () => {
  const { quality } = await only(await sharp(portrait).resize(44).png().toBuffer());
  expect(quality?.level).toBe('low');
  expect(quality?.reasons).toContain('too-small');
});

describe('drawn on the face', () => {
  async function draw(svg: string): Promise<Buffer> {
    const { width, height } = await sharp(portrait).metadata();
    const overlay = Buffer.from(`<svg width="${width}" height="${height}">${svg}</svg>`);
    return sharp(portrait)
      .composite([{ input: overlay }])
      .png()
      .toBuffer();
  }
  const at = (index: number): Point => face.landmarks[index] as Point;
  const list = (indices: readonly number[]): string => indices.map((i) => `${at(i).xPx},${at(i).yPx}`).join(' ');
  const eye = (indices: readonly number[]): Point => ({
    xPx: indices.reduce((sum, i) => sum + at(i).xPx, 0) / indices.length,
    yPx: indices.reduce((sum, i) => sum + at(i).yPx, 0) / indices.length,
  });

  test.each(['#f2f2f0', '#a9cfe0', '#262628'])('a mask of %s', async (colour) => {
    const { measurements, quality } = await only(
      await draw(
        `<polygon points="${list([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 28])}" fill="${colour}"/>`,
      ),
    );
    expect(face.measurements?.mask).toBeLessThan(0.2);
    expect(measurements?.mask).toBeGreaterThan(0.5);
    expect(measurements?.mouthOccluded).toBeGreaterThan(0.5);
    expect(quality?.level).toBe('low');
    expect(quality?.reasons).toContain('mouth-covered');
  });

  test('glasses, clear and dark', async () => {
    const eyes = [eye([36, 37, 38, 39, 40, 41]), eye([42, 43, 44, 45, 46, 47])];
    const apart = Math.hypot((eyes[1]?.xPx ?? 0) - (eyes[0]?.xPx ?? 0), (eyes[1]?.yPx ?? 0) - (eyes[0]?.yPx ?? 0));
    const frames = (fill: string): string =>
      `<g fill="${fill}" stroke="#1c1410" stroke-width="${apart / 16}">${eyes
        .map(
          ({ xPx, yPx }) =>
            `<ellipse cx="${xPx}" cy="${yPx + apart * 0.06}" rx="${apart * 0.36}" ry="${apart * 0.26}"/>`,
        )
        .join('')}<polyline points="${list([0])} ${(eyes[0]?.xPx ?? 0) - apart * 0.36},${eyes[0]?.yPx}" fill="none"/>
        <polyline points="${list([16])} ${(eyes[1]?.xPx ?? 0) + apart * 0.36},${eyes[1]?.yPx}" fill="none"/>
        <line x1="${(eyes[0]?.xPx ?? 0) + apart * 0.36}" y1="${eyes[0]?.yPx}" x2="${(eyes[1]?.xPx ?? 0) - apart * 0.36}" y2="${eyes[1]?.yPx}"/></g>`;
    const clear = await measured(await draw(frames('none')));
    const dark = await measured(await draw(frames('#181512')));
    expect(face.measurements?.glasses).toBeLessThan(0.5);
    expect(clear.glasses).toBeGreaterThan(0.5);
    expect(clear.sunglasses).toBeLessThan(0.5);
    expect(dark.sunglasses).toBeGreaterThan(0.5);
    expect(dark.eyesOccluded).toBeGreaterThan(0.5);
  });

  test('a hat down to the brows', async () => {
    const top = Math.min(at(19).yPx, at(24).yPx) - 3;
    const { foreheadOccluded } = await measured(
      await draw(`<rect x="0" y="0" width="400" height="${top}" fill="#203a78"/>`),
    );
    expect(foreheadOccluded).toBeGreaterThan(0.6);
    expect(face.measurements?.foreheadOccluded).toBeLessThan(foreheadOccluded);
  });
});

describe('judgement', () => {
  const CLEAR: FaceMeasurements = {
    pose: { pitchDeg: 0, rollDeg: 0, yawDeg: 0 },
    blur: 0.1,
    exposure: 0.5,
    noise: 0,
    foreheadOccluded: 0,
    eyesOccluded: 0,
    mouthOccluded: 0,
    glasses: 0,
    sunglasses: 0,
    mask: 0,
    templateLength: 3.8,
  };

  test.each<[string, Partial<FaceMeasurements>, number, 'low' | 'medium' | 'high', readonly string[]]>([
    ['clear', {}, 60, 'high', []],
    ['a rolled head', { pose: { pitchDeg: 0, rollDeg: 40, yawDeg: 0 } }, 60, 'high', []],
    ['half turned', { pose: { pitchDeg: 0, rollDeg: 0, yawDeg: -40 } }, 60, 'medium', ['turned-away']],
    ['a profile', { pose: { pitchDeg: 0, rollDeg: 0, yawDeg: 80 } }, 60, 'low', ['turned-away']],
    ['indistinct', { templateLength: 2.4 }, 60, 'low', ['indistinct']],
    ['tiny', {}, 8, 'low', ['too-small']],
    ['small', {}, 14, 'medium', ['too-small']],
    ['behind sunglasses', { sunglasses: 0.9, eyesOccluded: 0.9 }, 60, 'medium', ['eyes-covered']],
    ['masked', { mask: 0.9, mouthOccluded: 0.9 }, 60, 'low', ['mouth-covered']],
    ['glasses do no harm', { glasses: 1 }, 60, 'high', []],
    [
      'worst first',
      { blur: 0.8, pose: { pitchDeg: 0, rollDeg: 0, yawDeg: 40 } },
      60,
      'low',
      ['blurred', 'turned-away'],
    ],
  ])('%s', (_name, change, eyeDistancePx, level, reasons) => {
    expect(judgeQuality({ ...CLEAR, ...change }, eyeDistancePx)).toEqual({ level, reasons });
  });
});
