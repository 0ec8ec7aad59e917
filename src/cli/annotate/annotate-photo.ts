import sharp from 'sharp';
import type { Box } from '../../core/types.ts';
import { decodeImage } from '../../vision/decode.ts';
import { type Canvas, drawImage, fillRoundedBox, type Rgb, type RgbaImage, strokeRoundedBox } from './canvas.ts';
import { renderText } from './label-text.ts';
import { placeLabels } from './place-labels.ts';

export type Tone = 'match' | 'review' | 'unknown' | 'enrolled';

/** A face to be marked; `box` in pixels of the upright photo. */
export interface FaceMark {
  readonly box: Box;
  readonly title: string;
  readonly detail?: string;
  readonly tone: Tone;
}

/** Dark enough for white text (WCAG contrast of 5 or more), far enough apart for colour-blind eyes. */
const TONES: Readonly<Record<Tone, Rgb>> = {
  match: [17, 122, 61],
  review: [168, 84, 0],
  unknown: [71, 80, 94],
  enrolled: [29, 78, 191],
};
const WHITE: Rgb = [255, 255, 255];

/** Text on a tiny photo can't be read, so the picture is made larger; a huge one gains nothing from its size. */
const MIN_PICTURE_SIDE_PX = 1280;
const MAX_PICTURE_SIDE_PX = 4096;

/** The photo (any that Kith reads) with a box around each face and what is known of it beside. */
export async function annotatePhoto(image: Uint8Array, marks: readonly FaceMark[]): Promise<Canvas> {
  const { canvas, scale } = await openCanvas(image);
  const sidePx = Math.max(canvas.widthPx, canvas.heightPx);
  const faces = await Promise.all(
    marks.map(async (mark) => {
      const box = scaleBox(mark.box, scale);
      return { mark, box, label: await makeLabel(mark, { facePx: box.widthPx, picture: canvas }) };
    }),
  );
  const lineWidthPx = Math.max(2, sidePx / 500);
  for (const { mark, box } of faces) outline(canvas, box, { tone: mark.tone, lineWidthPx });
  const places = placeLabels(canvas, faces, 2 * lineWidthPx);
  for (const [i, { mark, label }] of faces.entries()) {
    const place = places[i];
    if (place) drawLabel(canvas, label, { place, tone: mark.tone });
  }
  return canvas;
}

export async function encodePng(canvas: Canvas): Promise<Buffer> {
  return sharp(canvas.data, { raw: { width: canvas.widthPx, height: canvas.heightPx, channels: 3 } })
    .png()
    .toBuffer();
}

async function openCanvas(image: Uint8Array): Promise<{ readonly canvas: Canvas; readonly scale: number }> {
  const { widthPx, working } = await decodeImage(image, MAX_PICTURE_SIDE_PX);
  const sidePx = Math.max(working.widthPx, working.heightPx);
  if (sidePx >= MIN_PICTURE_SIDE_PX) return { canvas: working, scale: working.widthPx / widthPx };
  const enlarge = MIN_PICTURE_SIDE_PX / sidePx;
  const { data, info } = await sharp(working.data, {
    raw: { width: working.widthPx, height: working.heightPx, channels: 3 },
  })
    .resize(Math.round(working.widthPx * enlarge), Math.round(working.heightPx * enlarge), { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { canvas: { widthPx: info.width, heightPx: info.height, data }, scale: info.width / widthPx };
}

function outline(canvas: Canvas, box: Box, style: { readonly tone: Tone; readonly lineWidthPx: number }): void {
  const { lineWidthPx } = style;
  const radiusPx = 3 * lineWidthPx;
  // A white rim keeps the line visible on any background
  strokeRoundedBox(canvas, box, { colour: WHITE, opacity: 0.85, radiusPx, lineWidthPx: 2 * lineWidthPx });
  strokeRoundedBox(canvas, box, { colour: TONES[style.tone], opacity: 1, radiusPx, lineWidthPx });
}

interface Label {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly paddingPx: number;
  readonly lines: readonly { readonly text: RgbaImage; readonly heightPx: number }[];
}

/** Letters grow with the face, within what can be read when the whole picture fills a screen. */
async function makeLabel(mark: FaceMark, space: { readonly facePx: number; readonly picture: Canvas }): Promise<Label> {
  const { picture, facePx } = space;
  const sidePx = Math.max(picture.widthPx, picture.heightPx);
  const fontPx = Math.round(Math.min(sidePx / 50, Math.max(sidePx / 90, facePx / 6)));
  const maxWidthPx = Math.min(picture.widthPx * 0.6, Math.max(1.6 * facePx, 14 * fontPx));
  const title = await renderText(mark.title, { fontPx, isBold: true, maxWidthPx });
  const detailFontPx = Math.round(fontPx * 0.75);
  const detail = mark.detail
    ? [await renderText(mark.detail, { fontPx: detailFontPx, isBold: false, maxWidthPx })]
    : [];
  const lines = [
    { text: title, heightPx: fontPx * 1.25 },
    ...detail.map((text) => ({ text, heightPx: detailFontPx * 1.35 })),
  ];
  const paddingPx = fontPx * 0.4;
  return {
    lines,
    paddingPx,
    widthPx: Math.max(...lines.map(({ text }) => text.widthPx)) + 2 * paddingPx,
    heightPx: lines.reduce((height, line) => height + line.heightPx, 0) + paddingPx,
  };
}

function drawLabel(canvas: Canvas, label: Label, at: { readonly place: Box; readonly tone: Tone }): void {
  const { place, tone } = at;
  fillRoundedBox(canvas, place, { colour: TONES[tone], opacity: 0.92, radiusPx: label.paddingPx });
  let topPx = place.topPx + label.paddingPx / 2;
  for (const { text, heightPx } of label.lines) {
    drawImage(canvas, text, {
      leftPx: place.leftPx + label.paddingPx,
      topPx: topPx + (heightPx - text.heightPx) / 2,
    });
    topPx += heightPx;
  }
}

function scaleBox(box: Box, scale: number): Box {
  return {
    leftPx: box.leftPx * scale,
    topPx: box.topPx * scale,
    widthPx: box.widthPx * scale,
    heightPx: box.heightPx * scale,
  };
}
