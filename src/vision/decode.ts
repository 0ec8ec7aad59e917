import sharp, { type Sharp } from 'sharp';
import { KithError } from '../core/errors.ts';
import { MAX_IMAGE_PIXELS } from '../core/limits.ts';
import { decodeBmp, readBmpHeader } from './bmp.ts';
import { sniffImageFormat } from './image-format.ts';
import type { RgbImage } from './rgb-image.ts';

/** Faces are looked for in a copy no longer than this: a 36 px face of a 1920 × 1080 photo keeps its pixels. */
export const MAX_WORKING_SIDE_PX = 1920;

export interface DecodedImage {
  /** Size of the whole photo after EXIF orientation. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** The photo, shrunk to `maxSidePx` where it is larger. */
  readonly working: RgbImage;
}

/**
 * Leaves libvips only the loaders Kith reads with, for this process: a second lock behind the check of the first
 * bytes. SVG, TIFF, HEIF, PDF and whatever else it was built with cannot be reached.
 */
export function restrictImageLoaders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadNsgif', 'VipsForeignLoadWebp'],
  });
  sharp.concurrency(1);
  sharp.cache(false);
}

/**
 * Photo bytes → upright 8-bit sRGB. JPEG, PNG, WebP, BMP and the first frame of a GIF; transparency over black,
 * metadata dropped. Throws image-unusable: `undecodable`, or `too-many-pixels` before a pixel is decoded.
 */
export async function decodeImage(bytes: Uint8Array, maxSidePx = MAX_WORKING_SIDE_PX): Promise<DecodedImage> {
  const format = sniffImageFormat(bytes);
  if (format === undefined) throw undecodable('The image is not a JPEG, PNG, GIF, BMP or WebP.');
  const { source, widthPx, heightPx } = await (format === 'bmp' ? openBmp(bytes) : openWithSharp(bytes));
  try {
    const { data, info } = await source
      .resize({ width: maxSidePx, height: maxSidePx, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`decoded to ${info.channels} channels`);
    return { widthPx, heightPx, working: { widthPx: info.width, heightPx: info.height, data } };
  } catch (cause) {
    throw undecodable(`The ${format.toUpperCase()} image is damaged or cut off.`, cause);
  }
}

interface OpenedImage {
  readonly source: Sharp;
  readonly widthPx: number;
  readonly heightPx: number;
}

async function openWithSharp(bytes: Uint8Array): Promise<OpenedImage> {
  // 'error' refuses files that end early or break; libjpeg's harmless warnings pass
  const source = sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true, pages: 1 });
  let size: { readonly width: number; readonly height: number };
  try {
    size = (await source.metadata()).autoOrient;
  } catch (cause) {
    throw undecodable('The header of the image cannot be read.', cause);
  }
  checkPixelCount(size.width, size.height);
  return { source: source.autoOrient(), widthPx: size.width, heightPx: size.height };
}

async function openBmp(bytes: Uint8Array): Promise<OpenedImage> {
  try {
    const header = readBmpHeader(bytes);
    checkPixelCount(header.widthPx, header.heightPx);
    const { data, widthPx, heightPx } = decodeBmp(bytes, header);
    return { source: sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } }), widthPx, heightPx };
  } catch (cause) {
    if (cause instanceof KithError) throw cause;
    throw undecodable(`The BMP image cannot be read: ${cause instanceof Error ? cause.message : cause}.`, cause);
  }
}

function checkPixelCount(widthPx: number, heightPx: number): void {
  if (widthPx * heightPx <= MAX_IMAGE_PIXELS) return;
  throw new KithError({
    kind: 'image-unusable',
    fault: 'too-many-pixels',
    message: `The image has ${widthPx} × ${heightPx} pixels; at most ${MAX_IMAGE_PIXELS} are allowed.`,
  });
}

function undecodable(message: string, cause?: unknown): KithError {
  return new KithError({ kind: 'image-unusable', fault: 'undecodable', message }, { cause });
}
