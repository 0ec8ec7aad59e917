import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { annotatePhoto, encodePng, type FaceMark } from './annotate-photo.ts';
import { renderText } from './label-text.ts';

const style = { fontPx: 30, isBold: true, maxWidthPx: 400 };
const greyPhoto = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .jpeg()
    .toBuffer();
const inkOf = (data: Uint8Array) => data.filter((value, i) => i % 4 === 3 && value > 128).length;

describe('text', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    '</span><span foreground="#ff0000">red',
    '&amp; &#0; &bogus;',
    'محمد',
    'יוסף',
    '👩‍👩‍👧 😀',
    '\u001b[31m\u202e\n\0\ud800',
    ' ',
    'x'.repeat(128),
  ])('%j is drawn on one line, as narrow as asked', async (text) => {
    const image = await renderText(text, style);
    expect(image.widthPx).toBeLessThanOrEqual(400);
    expect(image.heightPx).toBeLessThan(2 * 30);
    expect(inkOf(image.data)).toBeGreaterThan(50);
  });

  test('markup in a name is drawn, not obeyed', async () => {
    const tagged = await renderText('<b>i</b>', style);
    const plain = await renderText('i', style);
    expect(tagged.widthPx).toBeGreaterThan(4 * plain.widthPx);
  });
});

describe('a picture', () => {
  const mark: FaceMark = {
    box: { leftPx: 60, topPx: 40, widthPx: 60, heightPx: 80 },
    title: 'Anna',
    detail: 'very likely',
    tone: 'match',
  };

  test.each([
    [250, 250, 1280, 1280],
    [1600, 1200, 1600, 1200],
    [6000, 3000, 4096, 2048],
  ])('of %i × %i becomes %i × %i, so that its labels can be read', async (width, height, outWidth, outHeight) => {
    const canvas = await annotatePhoto(await greyPhoto(width, height), [mark]);
    expect([canvas.widthPx, canvas.heightPx]).toEqual([outWidth, outHeight]);
    expect(await sharp(await encodePng(canvas)).metadata()).toMatchObject({ width: outWidth, height: outHeight });
  });

  test('has the box around the face, in the colour of the answer, and nothing inside it', async () => {
    const canvas = await annotatePhoto(await greyPhoto(1600, 1200), [
      { ...mark, box: { leftPx: 600, topPx: 400, widthPx: 300, heightPx: 400 } },
    ]);
    const pixel = (x: number, y: number) => [...canvas.data.subarray((y * 1600 + x) * 3, (y * 1600 + x) * 3 + 3)];
    expect(pixel(600, 600)).toEqual([17, 122, 61]);
    expect(pixel(900, 600)).toEqual([17, 122, 61]);
    expect(pixel(750, 400)).toEqual([17, 122, 61]);
    for (const value of pixel(750, 600)) expect(Math.abs(value - 128)).toBeLessThan(3);
    for (const value of pixel(300, 600)) expect(Math.abs(value - 128)).toBeLessThan(3);
  });

  test('turns with its EXIF orientation, as the coordinates of its faces do', async () => {
    const turned = await sharp(await greyPhoto(1600, 1300))
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const canvas = await annotatePhoto(turned, []);
    expect([canvas.widthPx, canvas.heightPx]).toEqual([1300, 1600]);
  });
});

test('a machine without a single font, or font settings, draws the same names, and quietly', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kith-no-fonts-'));
  writeFileSync(
    join(folder, 'fonts.conf'),
    `<?xml version="1.0"?><fontconfig><dir>${folder}/none</dir><cachedir>${folder}/cache</cachedir></fontconfig>`,
  );
  const script = `
    import { renderText } from ${JSON.stringify(new URL('./label-text.ts', import.meta.url).href)};
    const { data, ...size } = await renderText('Zoë Ängström', ${JSON.stringify(style)});
    const ink = data.filter((value, i) => i % 4 === 3 && value > 128).length;
    console.log(JSON.stringify({ ...size, ink }));`;
  writeFileSync(join(folder, 'draw.mts'), script);
  const here = await renderText('Zoë Ängström', style);
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(folder, 'draw.mts')],
    { env: { PATH: process.env.PATH, FONTCONFIG_FILE: join(folder, 'fonts.conf') }, maxBuffer: 1e8 },
  );
  expect(stderr).toBe('');
  const there = JSON.parse(stdout) as { widthPx: number; heightPx: number; ink: number };
  // The same letters, hinted a little differently; boxes in place of letters would have other widths and ink
  expect(Math.abs(there.widthPx / here.widthPx - 1)).toBeLessThan(0.05);
  expect(Math.abs(there.heightPx - here.heightPx)).toBeLessThanOrEqual(2);
  expect(Math.abs(there.ink / inkOf(here.data) - 1)).toBeLessThan(0.2);
});
