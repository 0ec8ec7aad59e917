import sharp from 'sharp';
import { type Canvas, drawImage, type Rgb } from '../annotate/canvas.ts';
import { renderText } from '../annotate/label-text.ts';

export interface Tile {
  readonly picture: Canvas;
  readonly caption: string;
}

const COLUMNS = 2;
const TILE_WIDTH_PX = 1100;
const GAP_PX = 24;
const CAPTION_PX = 56;
const CAPTION_FONT_PX = 28;
const BACKGROUND: Rgb = [24, 28, 36];

/** Pictures side by side, each under its caption. */
export async function makeContactSheet(tiles: readonly Tile[]): Promise<Canvas> {
  const shrunk = await Promise.all(tiles.map(({ picture }) => shrink(picture)));
  const rows = Math.ceil(tiles.length / COLUMNS);
  const rowHeights = Array.from({ length: rows }, (_, row) =>
    Math.max(...shrunk.slice(row * COLUMNS, (row + 1) * COLUMNS).map(({ heightPx }) => heightPx)),
  );
  const sheet = blank(
    COLUMNS * (TILE_WIDTH_PX + GAP_PX) + GAP_PX,
    rowHeights.reduce((height, rowHeight) => height + rowHeight + CAPTION_PX + GAP_PX, 0),
  );
  let topPx = 0;
  for (const [i, { caption }] of tiles.entries()) {
    const column = i % COLUMNS;
    const leftPx = GAP_PX + column * (TILE_WIDTH_PX + GAP_PX);
    const text = await renderText(caption, { fontPx: CAPTION_FONT_PX, isBold: false, maxWidthPx: TILE_WIDTH_PX });
    drawImage(sheet, text, { leftPx, topPx: topPx + (CAPTION_PX - text.heightPx) / 2 });
    const picture = shrunk[i];
    if (picture) copy(sheet, picture, { leftPx, topPx: topPx + CAPTION_PX });
    if (column === COLUMNS - 1) topPx += CAPTION_PX + (rowHeights[Math.floor(i / COLUMNS)] ?? 0) + GAP_PX;
  }
  return sheet;
}

async function shrink({ data, widthPx, heightPx }: Canvas): Promise<Canvas> {
  const { data: shrunk, info } = await sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .resize({ width: TILE_WIDTH_PX })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { widthPx: info.width, heightPx: info.height, data: shrunk };
}

function blank(widthPx: number, heightPx: number): Canvas {
  const data = new Uint8Array(widthPx * heightPx * 3);
  for (let i = 0; i < data.length; i += 3) data.set(BACKGROUND, i);
  return { widthPx, heightPx, data };
}

function copy(onto: Canvas, picture: Canvas, at: { readonly leftPx: number; readonly topPx: number }): void {
  for (let y = 0; y < picture.heightPx; y++) {
    const row = picture.data.subarray(y * picture.widthPx * 3, (y + 1) * picture.widthPx * 3);
    onto.data.set(row, ((at.topPx + y) * onto.widthPx + at.leftPx) * 3);
  }
}
