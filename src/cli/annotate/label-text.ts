import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { printable } from '../printable.ts';
import type { RgbaImage } from './canvas.ts';

export interface TextStyle {
  readonly fontPx: number;
  readonly isBold: boolean;
  /** Longer text ends in an ellipsis. */
  readonly maxWidthPx: number;
}

const { resolve } = createRequire(import.meta.url);
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** White text on nothing, cropped to its ink. Any name will do: it is drawn as it is, on one line, never read as markup. */
export async function renderText(text: string, style: TextStyle): Promise<RgbaImage> {
  const characters = [...graphemes.segment(printable(text.trim()) || '(no name)')].map(({ segment }) => segment);
  let image = await renderLine(characters.join(''), style);
  let kept = characters.length;
  while (image.widthPx > style.maxWidthPx && kept > 1) {
    // By the width per character so far, and always at least one character fewer
    kept = Math.max(1, Math.min(kept - 1, Math.floor((kept * style.maxWidthPx) / image.widthPx)));
    image = await renderLine(`${characters.slice(0, kept).join('').trimEnd()}…`, style);
  }
  return image;
}

async function renderLine(line: string, { fontPx, isBold }: TextStyle): Promise<RgbaImage> {
  bringOwnFontConfiguration();
  const { data, info } = await sharp({
    text: {
      // 72 dots an inch make a point a pixel
      text: `<span foreground="#ffffff">${escapeMarkup(line)}</span>`,
      font: `DejaVu Sans ${isBold ? 'Bold ' : ''}${fontPx}`,
      fontfile: resolve(`dejavu-fonts-ttf/ttf/DejaVuSans${isBold ? '-Bold' : ''}.ttf`),
      rgba: true,
      dpi: 72,
    },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { widthPx: info.width, heightPx: info.height, data };
}

/** Pango reads a small markup language. */
function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A machine without fonts has no fontconfig settings either, and fontconfig complains: any valid file quiets it. */
function bringOwnFontConfiguration(): void {
  const { env, platform } = process;
  if (platform !== 'linux' || env.FONTCONFIG_FILE || env.FONTCONFIG_PATH || existsSync('/etc/fonts/fonts.conf')) return;
  env.FONTCONFIG_FILE = resolve('dejavu-fonts-ttf/fontconfig/57-dejavu-sans.conf');
}
