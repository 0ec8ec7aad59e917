import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const demoDir = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');

/** Photos of several people each, 1920 pixels wide. */
export function samplePhoto(number: 1 | 2 | 3 | 4 | 5 | 6): Buffer {
  return readFileSync(join(demoDir, `sample${number}.jpg`));
}

interface SampleFace {
  readonly photo: 1 | 2 | 3 | 4 | 5 | 6;
  /** Left, top, width, height in pixels, as detection finds it. */
  readonly box: readonly [number, number, number, number];
}

/** Single faces of those photos: one woman twice (score .71), and strangers to her and to each other (below .4). */
export const FACES = {
  ann: { photo: 1, box: [1461, 233, 219, 202] },
  annElsewhere: { photo: 3, box: [1069, 198, 237, 318] },
  bob: { photo: 3, box: [593, 330, 183, 269] },
  cleo: { photo: 5, box: [796, 112, 143, 207] },
  dan: { photo: 5, box: [1107, 204, 167, 226] },
} as const satisfies Record<string, SampleFace>;

export type FaceName = keyof typeof FACES;

const portraits = new Map<FaceName, Promise<Buffer>>();

/** A photo with that face alone; cut out of its photo once. */
export function portraitOf(name: FaceName): Promise<Buffer> {
  const portrait = portraits.get(name) ?? cutOut(FACES[name]);
  portraits.set(name, portrait);
  return portrait;
}

async function cutOut({ photo, box }: SampleFace): Promise<Buffer> {
  const [left, top, width, height] = box;
  const marginPx = Math.round(width * 0.3);
  return sharp(samplePhoto(photo))
    .extract({ left: left - marginPx, top: top - marginPx, width: width + 2 * marginPx, height: height + 2 * marginPx })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** The same, as if somebody had forgotten the light: too poor to enrol, though a face is found. */
export async function inTheDarkOf(name: FaceName): Promise<Buffer> {
  return sharp(await portraitOf(name))
    .modulate({ brightness: 0.3 })
    .jpeg()
    .toBuffer();
}
