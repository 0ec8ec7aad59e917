import sharp from 'sharp';
import type { Box } from '../core/types.ts';
import type { RgbImage } from './rgb-image.ts';

/** The face and about as much around it as detection wants to find it again. */
const SIDE_PER_FACE = 1.8;
const MAX_SIDE_PX = 320;
const JPEG_QUALITY = 88;
const PAINT = { r: 128, g: 128, b: 128 };

/**
 * A small upright JPEG of one face, without metadata: whoever else is in it (`everybody`, boxes in the picture's
 * pixels) is painted over, for a bystander's face is not to be kept with somebody else's.
 */
export async function cutPortrait(picture: RgbImage, face: Box, everybody: readonly Box[]): Promise<Uint8Array> {
  const { widthPx: width, heightPx: height, data } = picture;
  const side = SIDE_PER_FACE * Math.max(face.widthPx, face.heightPx);
  const left = clamp(Math.round(face.leftPx + (face.widthPx - side) / 2), 0, width - 1);
  const top = clamp(Math.round(face.topPx + (face.heightPx - side) / 2), 0, height - 1);
  const right = clamp(Math.round(face.leftPx + (face.widthPx + side) / 2), left + 1, width);
  const bottom = clamp(Math.round(face.topPx + (face.heightPx + side) / 2), top + 1, height);
  const region = { left, top, width: right - left, height: bottom - top };

  // libvips resizes before it composites, so the others are painted over in a first pass
  const cut = await sharp(data, { raw: { width, height, channels: 3 } })
    .extract(region)
    .raw()
    .toBuffer();
  for (const other of everybody) if (other !== face) paintOver(cut, region, { other, face });
  const jpeg = await sharp(cut, { raw: { width: region.width, height: region.height, channels: 3 } })
    .resize({ width: MAX_SIDE_PX, height: MAX_SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
  return new Uint8Array(jpeg);
}

interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function paintOver(cut: Buffer, region: Region, { other, face }: { readonly other: Box; readonly face: Box }): void {
  for (let row = 0; row < region.height; row++) {
    for (let column = 0; column < region.width; column++) {
      const xPx = region.left + column;
      const yPx = region.top + row;
      if (!holds(other, xPx, yPx) || holds(face, xPx, yPx)) continue;
      cut.set([PAINT.r, PAINT.g, PAINT.b], 3 * (row * region.width + column));
    }
  }
}

function holds(box: Box, xPx: number, yPx: number): boolean {
  return xPx >= box.leftPx && xPx < box.leftPx + box.widthPx && yPx >= box.topPx && yPx < box.topPx + box.heightPx;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
