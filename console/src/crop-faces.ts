// Faces cut out of a photo by the browser, small enough that hundreds can lie on one page.
import type { Box, Detected } from './wire.ts';

const SIDE_PX = 160;
/** Around the box, so that the whole head is seen. */
const MARGIN = 1.3;

/**
 * An address (blob:) for each face, in their order; whoever asks gives them back by `URL.revokeObjectURL`. Empty ones
 * where the service reads a kind of file that this browser doesn't.
 */
export async function cropFaces(photo: Blob, { widthPx, faces }: Detected): Promise<readonly string[]> {
  if (faces.length === 0) return [];
  // Upright, as the service's boxes are
  const picture = await createImageBitmap(photo, { imageOrientation: 'from-image' }).catch(() => undefined);
  if (!picture) return faces.map(() => '');
  try {
    const scale = picture.width / widthPx;
    return await Promise.all(faces.map(({ box }) => cropFace(picture, box, scale)));
  } finally {
    picture.close();
  }
}

async function cropFace(picture: ImageBitmap, box: Box, scale: number): Promise<string> {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE_PX;
  canvas.height = SIDE_PX;
  const side = Math.max(box.widthPx, box.heightPx) * MARGIN;
  const left = box.leftPx + (box.widthPx - side) / 2;
  const top = box.topPx + (box.heightPx - side) / 2;
  const context = canvas.getContext('2d');
  context?.drawImage(picture, left * scale, top * scale, side * scale, side * scale, 0, 0, SIDE_PX, SIDE_PX);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/webp', 0.85));
  return blob ? URL.createObjectURL(blob) : '';
}
