// npm run bench:small-faces -- <folder>: how small a face may be to be found. Portraits (a folder in the layout of Labeled
// Faces in the Wild) are shrunk and pasted in rows on a 1920 × 1080 picture; JPEG, quality 90.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { createFaceEngine } from '../src/vision/face-engine.ts';
import { printHeading, writeResults } from './report.ts';

const WIDTH = 1920;
const HEIGHT = 1080;
const SPACING_PX = 120;
const FACE_HEIGHTS_PX = [16, 20, 24, 30, 36, 48];
/** In the 250 px portraits: the part that is pasted, and the height of the face in it. */
const PORTRAIT = { left: 40, top: 25, width: 170, height: 200 };
const PORTRAIT_FACE_PX = 125;

const folder = process.argv[2];
if (!folder) throw new Error('usage: npm run bench:small-faces -- <folder with portraits>');
printHeading(`Faces of known height in ${WIDTH} × ${HEIGHT}, portraits of ${folder}`);
const portraits = (await readdir(folder, { recursive: true })).filter((name) => /\.jpe?g$/i.test(name)).sort();
const engine = await createFaceEngine({ processes: 1 });
const rows = [];
for (const heightPx of FACE_HEIGHTS_PX) rows.push(await measure(heightPx));
await engine.close();
console.table(rows);
console.log(`written to ${writeResults('small-faces', { rows })}`);

async function measure(faceHeightPx: number) {
  const { picture, centres } = await paste(faceHeightPx);
  const { faces } = await engine.analyse(picture, { packId: 'fast', maxFaces: 1000, measure: true, embed: false });
  const free = new Set(faces);
  const lengths: number[] = [];
  for (const [x, y] of centres) {
    const hit = [...free].find(
      ({ box }) => Math.hypot(box.leftPx + box.widthPx / 2 - x, box.topPx + box.heightPx / 2 - y) < faceHeightPx / 2,
    );
    if (!hit) continue;
    free.delete(hit);
    lengths.push(hit.measurements?.templateLength ?? 0);
  }
  lengths.sort((a, b) => a - b);
  return {
    faceHeightPx,
    faces: centres.length,
    found: lengths.length,
    /** Elsewhere: mostly people behind the sitter, as the portraits have them. */
    others: free.size,
    medianLength: Math.round((lengths[lengths.length >> 1] ?? 0) * 100) / 100,
  };
}

async function paste(faceHeightPx: number): Promise<{ picture: Buffer; centres: [number, number][] }> {
  const scale = faceHeightPx / PORTRAIT_FACE_PX;
  const width = Math.round(PORTRAIT.width * scale);
  const height = Math.round(PORTRAIT.height * scale);
  const tiles: { input: Buffer; left: number; top: number }[] = [];
  const centres: [number, number][] = [];
  for (let top = 0; top + height <= HEIGHT; top += SPACING_PX) {
    for (let left = 0; left + width <= WIDTH; left += SPACING_PX) {
      // A step that shares no factor with most counts: a different portrait each time
      const name = portraits[(tiles.length * 31 + faceHeightPx * 7) % portraits.length] as string;
      const input = await sharp(join(folder as string, name))
        .extract(PORTRAIT)
        .resize(width, height)
        .png()
        .toBuffer();
      tiles.push({ input, left, top });
      centres.push([left + width / 2, top + height / 2]);
    }
  }
  const background = { width: WIDTH, height: HEIGHT, channels: 3, background: '#7a8a70' } as const;
  return { picture: await sharp({ create: background }).composite(tiles).jpeg({ quality: 90 }).toBuffer(), centres };
}
