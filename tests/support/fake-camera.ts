// A camera for Chromium that shows a photo for ever.
import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { type FaceName, portraitOf } from './photos.ts';

const WIDTH_PX = 1280;
const HEIGHT_PX = 720;
const FACE_PX = 420;
/** Chromium begins again at the end. */
const FRAMES = 20;

/** People side by side before a plain wall; `light` 1 is as photographed. */
export async function sceneOf(names: readonly FaceName[], { light = 1 } = {}): Promise<Buffer> {
  const room = WIDTH_PX / names.length;
  const people = await Promise.all(
    names.map(async (name, i) => ({
      input: await sharp(await portraitOf(name))
        .resize(FACE_PX, FACE_PX, { fit: 'inside' })
        .toBuffer(),
      left: Math.round(i * room + (room - FACE_PX) / 2),
      top: 120,
    })),
  );
  const wall = sharp({ create: { width: WIDTH_PX, height: HEIGHT_PX, channels: 3, background: '#9a9a90' } });
  const lit = await wall.composite(people).png().toBuffer();
  return sharp(lit).linear(light).jpeg({ quality: 92 }).toBuffer();
}

/** Chromium's arguments for a camera that shows the scene, or for none. */
export async function cameraShowing(path: string, scene: Buffer): Promise<readonly string[]> {
  await writeFile(path, Buffer.concat(Array.from({ length: FRAMES }, () => scene)));
  return ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${path}`];
}
