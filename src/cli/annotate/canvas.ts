// A few shapes drawn straight into pixels: no SVG, so nothing in a name can ever be markup.
import type { Box } from '../../core/types.ts';

/** 8-bit RGB, row by row. */
export interface Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
}

/** 8-bit RGBA, row by row, colours not multiplied by alpha. */
export interface RgbaImage {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
}

export type Rgb = readonly [red: number, green: number, blue: number];

export interface Brush {
  readonly colour: Rgb;
  /** 0..1 */
  readonly opacity: number;
}

export function fillRoundedBox(canvas: Canvas, box: Box, brush: Brush & { readonly radiusPx: number }): void {
  paintBy(canvas, grow(box, 1), brush, signedDistance(box, brush.radiusPx));
}

/** A line of `lineWidthPx` centred on the box's edge. */
export function strokeRoundedBox(
  canvas: Canvas,
  box: Box,
  brush: Brush & { readonly radiusPx: number; readonly lineWidthPx: number },
): void {
  const distance = signedDistance(box, brush.radiusPx);
  const half = brush.lineWidthPx / 2;
  paintBy(canvas, grow(box, half + 1), brush, (x, y) => Math.abs(distance(x, y)) - half);
}

export function drawImage(
  canvas: Canvas,
  image: RgbaImage,
  at: { readonly leftPx: number; readonly topPx: number },
): void {
  const left = Math.round(at.leftPx);
  const top = Math.round(at.topPx);
  for (let y = Math.max(0, -top); y < image.heightPx && top + y < canvas.heightPx; y++) {
    for (let x = Math.max(0, -left); x < image.widthPx && left + x < canvas.widthPx; x++) {
      const from = (y * image.widthPx + x) * 4;
      const alpha = (image.data[from + 3] ?? 0) / 255;
      if (alpha > 0) blend(canvas, left + x, top + y, image.data.subarray(from, from + 3), alpha);
    }
  }
}

/** Distance in pixels to the edge of a rounded box, negative inside (Quilez, "2D distance functions"). */
function signedDistance(box: Box, radiusPx: number): (x: number, y: number) => number {
  const radius = Math.min(radiusPx, box.widthPx / 2, box.heightPx / 2);
  const centreX = box.leftPx + box.widthPx / 2;
  const centreY = box.topPx + box.heightPx / 2;
  return (x, y) => {
    const outX = Math.abs(x - centreX) - box.widthPx / 2 + radius;
    const outY = Math.abs(y - centreY) - box.heightPx / 2 + radius;
    return Math.hypot(Math.max(outX, 0), Math.max(outY, 0)) + Math.min(Math.max(outX, outY), 0) - radius;
  };
}

/** Covers each pixel by how far its centre lies inside, which smooths the edge over one pixel. */
function paintBy(canvas: Canvas, within: Box, brush: Brush, distance: (x: number, y: number) => number): void {
  const right = Math.min(canvas.widthPx, Math.ceil(within.leftPx + within.widthPx));
  const bottom = Math.min(canvas.heightPx, Math.ceil(within.topPx + within.heightPx));
  for (let y = Math.max(0, Math.floor(within.topPx)); y < bottom; y++) {
    for (let x = Math.max(0, Math.floor(within.leftPx)); x < right; x++) {
      const coverage = Math.min(1, Math.max(0, 0.5 - distance(x + 0.5, y + 0.5)));
      if (coverage > 0) blend(canvas, x, y, brush.colour, coverage * brush.opacity);
    }
  }
}

function blend(canvas: Canvas, x: number, y: number, colour: ArrayLike<number>, alpha: number): void {
  const at = (y * canvas.widthPx + x) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const below = canvas.data[at + channel] ?? 0;
    canvas.data[at + channel] = Math.round(below + ((colour[channel] ?? 0) - below) * alpha);
  }
}

function grow(box: Box, byPx: number): Box {
  return {
    leftPx: box.leftPx - byPx,
    topPx: box.topPx - byPx,
    widthPx: box.widthPx + 2 * byPx,
    heightPx: box.heightPx + 2 * byPx,
  };
}
