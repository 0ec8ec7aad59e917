import sharp from 'sharp';
import type { Box } from '../../core/types.ts';
import { decodeImage } from '../../vision/decode.ts';
import type { RgbImage } from '../../vision/rgb-image.ts';
import { readImageFile } from '../image-file.ts';

const SIDE_PX = 96;
/** Of the box's longer side, so that hair and chin are in the picture. */
const MARGIN = 0.25;

/** A small square of a photo as a `data:` address: the face with some margin, or the whole photo without a box. */
export async function faceThumbnail(path: string, box: Box | undefined): Promise<string | undefined> {
  try {
    // The service's own decoder: its limits hold for pictures of a report too
    const { working, widthPx } = await decodeImage(await readImageFile(path));
    const upright = sharp(working.data, { raw: { width: working.widthPx, height: working.heightPx, channels: 3 } });
    const cut = box ? upright.extract(squareAround(box, working, working.widthPx / widthPx)) : upright;
    const picture = await cut.resize(SIDE_PX, SIDE_PX, { fit: 'cover' }).jpeg({ quality: 80 }).toBuffer();
    return `data:image/jpeg;base64,${picture.toString('base64')}`;
  } catch {
    // What can't be read can't be shown; the report says why it was refused
    return undefined;
  }
}

/** `scale` leads from the photo's pixels to the image's. */
function squareAround(box: Box, image: RgbImage, scale: number) {
  const side = (1 + 2 * MARGIN) * Math.max(box.widthPx, box.heightPx) * scale;
  const left = clamp(Math.round((box.leftPx + box.widthPx / 2) * scale - side / 2), image.widthPx - 1);
  const top = clamp(Math.round((box.topPx + box.heightPx / 2) * scale - side / 2), image.heightPx - 1);
  return {
    left,
    top,
    width: Math.max(1, Math.min(image.widthPx - left, Math.round(side))),
    height: Math.max(1, Math.min(image.heightPx - top, Math.round(side))),
  };
}

function clamp(value: number, highest: number): number {
  return Math.min(highest, Math.max(0, value));
}
