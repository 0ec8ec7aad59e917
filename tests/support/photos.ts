import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Box } from '../../src/core/types.ts';

const demoDir = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');

/** Photos of several strangers each, 1920 pixels wide. One woman stands in both sample1 and sample3. */
export function samplePhoto(number: 1 | 2 | 3 | 4 | 5 | 6): Buffer {
  return readFileSync(join(demoDir, `sample${number}.jpg`));
}

/** What lies within `box` and half as much again around it: one face, when the others stand apart. */
export async function cropAround(photo: Buffer, box: Box): Promise<Buffer> {
  const { width, height } = await sharp(photo).metadata();
  const marginPx = Math.round(box.widthPx / 2);
  const left = Math.max(0, Math.round(box.leftPx) - marginPx);
  const top = Math.max(0, Math.round(box.topPx) - marginPx);
  return sharp(photo)
    .extract({
      left,
      top,
      width: Math.min(width - left, Math.round(box.widthPx) + 2 * marginPx),
      height: Math.min(height - top, Math.round(box.heightPx) + 2 * marginPx),
    })
    .jpeg({ quality: 92 })
    .toBuffer();
}
