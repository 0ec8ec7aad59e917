// Windows bitmap reader: BITMAPCOREHEADER and BITMAPINFOHEADER to V5; 1, 4, 8, 16, 24 and 32 bits, bit fields, RLE4 and
// RLE8. Written to the format as Microsoft documents it (wingdi.h); everything is checked before memory is taken.
import type { RgbImage } from './rgb-image.ts';

export interface BmpHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: 1 | 4 | 8 | 16 | 24 | 32;
  readonly compression: 'none' | 'rle8' | 'rle4';
  /** Red, green, blue masks of 16 and 32 bit pixels. */
  readonly masks: readonly [number, number, number];
  /** RGB triples. */
  readonly palette: Uint8Array;
  readonly pixelOffset: number;
}

const FILE_HEADER_BYTES = 14;
const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;
/** Sizes of the headers with and without masks: INFO, V2, V3, OS/2 2, V4, V5. */
const INFO_HEADER_SIZES = new Set([40, 52, 56, 64, 108, 124]);
const BI_RGB = 0;
const BI_RLE8 = 1;
const BI_RLE4 = 2;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

/** Reads the headers and the palette. Throws an Error that says what is wrong. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  need(bytes.length >= FILE_HEADER_BYTES + CORE_HEADER_BYTES, 'the header is cut off');
  const pixelOffset = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  if (headerBytes === CORE_HEADER_BYTES) return readCoreHeader(bytes, view, pixelOffset);

  need(INFO_HEADER_SIZES.has(headerBytes), `a header of ${headerBytes} bytes is not known`);
  need(bytes.length >= FILE_HEADER_BYTES + headerBytes, 'the header is cut off');
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compressionCode = view.getUint32(30, true);
  const coloursUsed = view.getUint32(46, true);
  const hasMasks = compressionCode === BI_BITFIELDS || compressionCode === BI_ALPHABITFIELDS;
  const masksAfterHeader = hasMasks && headerBytes === INFO_HEADER_BYTES;
  const maskBytes = masksAfterHeader ? (compressionCode === BI_ALPHABITFIELDS ? 16 : 12) : 0;
  need(bytes.length >= FILE_HEADER_BYTES + headerBytes + maskBytes, 'the header is cut off');
  const bitsPerPixel = checkBits(bits);
  const compression = compressionOf(compressionCode, bitsPerPixel);
  need(compression === 'none' || height > 0, 'a compressed bitmap must be bottom-up');
  return {
    ...checkSize(view.getInt32(18, true), Math.abs(height)),
    topDown: height < 0,
    bitsPerPixel,
    compression,
    masks: hasMasks ? readMasks(view) : bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff],
    palette: readPalette(bytes, {
      offset: FILE_HEADER_BYTES + headerBytes + maskBytes,
      bitsPerPixel,
      coloursUsed,
      entryBytes: 4,
    }),
    pixelOffset,
  };
}

/** Decodes the pixels that `readBmpHeader` described. Throws when they are not all there. */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader): RgbImage {
  const { widthPx, heightPx, bitsPerPixel, compression } = header;
  const stride = Math.ceil((widthPx * bitsPerPixel) / 32) * 4;
  need(header.pixelOffset >= FILE_HEADER_BYTES && header.pixelOffset < bytes.length, 'there are no pixels');
  const pixels = bytes.subarray(header.pixelOffset);
  if (compression === 'none') need(pixels.length >= stride * heightPx, 'the pixels are cut off');
  const data = new Uint8Array(widthPx * heightPx * 3);
  if (bitsPerPixel <= 8) {
    const indices = compression === 'none' ? undefined : expandRle(pixels, header);
    paintIndexed(data, header, indices ?? { pixels, stride, bits: bitsPerPixel });
  } else {
    paintDirect(data, header, pixels, stride);
  }
  return { widthPx, heightPx, data };
}

interface IndexedRows {
  readonly pixels: Uint8Array;
  readonly stride: number;
  readonly bits: number;
}

function paintIndexed(data: Uint8Array, header: BmpHeader, rows: IndexedRows): void {
  const { widthPx, heightPx, palette } = header;
  const perByte = 8 / rows.bits;
  const mask = (1 << rows.bits) - 1;
  for (let y = 0; y < heightPx; y++) {
    let from = rowInFile(header, y) * rows.stride;
    let to = y * widthPx * 3;
    for (let x = 0; x < widthPx; x += perByte) {
      const byte = rows.pixels[from++] as number;
      for (let shift = 8 - rows.bits, i = x; shift >= 0 && i < widthPx; shift -= rows.bits, i++) {
        const entry = ((byte >> shift) & mask) * 3;
        need(entry < palette.length, 'a pixel points outside the palette');
        data[to++] = palette[entry] as number;
        data[to++] = palette[entry + 1] as number;
        data[to++] = palette[entry + 2] as number;
      }
    }
  }
}

function paintDirect(data: Uint8Array, header: BmpHeader, pixels: Uint8Array, stride: number): void {
  const { widthPx, heightPx, bitsPerPixel } = header;
  const pixelBytes = bitsPerPixel / 8;
  const channels = header.masks.map(channelReader);
  for (let y = 0; y < heightPx; y++) {
    let from = rowInFile(header, y) * stride;
    let to = y * widthPx * 3;
    for (let x = 0; x < widthPx; x++, from += pixelBytes, to += 3) {
      if (bitsPerPixel === 24) {
        data[to] = pixels[from + 2] as number;
        data[to + 1] = pixels[from + 1] as number;
        data[to + 2] = pixels[from] as number;
        continue;
      }
      let word = (pixels[from] as number) | ((pixels[from + 1] as number) << 8);
      if (bitsPerPixel === 32) word |= ((pixels[from + 2] as number) << 16) | ((pixels[from + 3] as number) << 24);
      for (let c = 0; c < 3; c++) data[to + c] = channels[c]?.(word) ?? 0;
    }
  }
}

/** Run-length codes to one index a byte, rows in file order. Pixels that a code skips are index 0. */
function expandRle(codes: Uint8Array, header: BmpHeader): IndexedRows {
  const { widthPx, heightPx } = header;
  const four = header.compression === 'rle4';
  const pixels = new Uint8Array(widthPx * heightPx);
  let x = 0;
  let y = 0;
  let at = 0;
  const next = (): number => {
    need(at < codes.length, 'the pixels are cut off');
    return codes[at++] as number;
  };
  const put = (index: number): void => {
    need(x < widthPx && y < heightPx, 'a run leaves the picture');
    pixels[y * widthPx + x++] = index;
  };
  for (;;) {
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(four ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return { pixels, stride: widthPx, bits: 8 };
    } else if (value === 2) {
      x += next();
      y += next();
    } else {
      let byte = 0;
      for (let i = 0; i < value; i++) {
        if (!four || i % 2 === 0) byte = next();
        put(four ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      // Literal runs fill whole 16-bit words
      if ((four ? Math.ceil(value / 2) : value) % 2 === 1) next();
    }
  }
}

function rowInFile(header: BmpHeader, y: number): number {
  return header.topDown ? y : header.heightPx - 1 - y;
}

function readCoreHeader(bytes: Uint8Array, view: DataView, pixelOffset: number): BmpHeader {
  const bitsPerPixel = checkBits(view.getUint16(24, true));
  need(bitsPerPixel !== 16 && bitsPerPixel !== 32, `${bitsPerPixel} bits need the longer header`);
  return {
    ...checkSize(view.getUint16(18, true), view.getUint16(20, true)),
    topDown: false,
    bitsPerPixel,
    compression: 'none',
    masks: [0xff0000, 0xff00, 0xff],
    palette: readPalette(bytes, {
      offset: FILE_HEADER_BYTES + CORE_HEADER_BYTES,
      bitsPerPixel,
      coloursUsed: 0,
      entryBytes: 3,
    }),
    pixelOffset,
  };
}

function readMasks(view: DataView): [number, number, number] {
  const masks: [number, number, number] = [
    view.getUint32(54, true),
    view.getUint32(58, true),
    view.getUint32(62, true),
  ];
  need(
    masks.every((mask) => mask !== 0),
    'a colour has no bits',
  );
  return masks;
}

function readPalette(
  bytes: Uint8Array,
  place: {
    readonly offset: number;
    readonly bitsPerPixel: number;
    readonly coloursUsed: number;
    readonly entryBytes: number;
  },
): Uint8Array {
  if (place.bitsPerPixel > 8) return new Uint8Array();
  const most = 2 ** place.bitsPerPixel;
  const count = place.coloursUsed === 0 ? most : place.coloursUsed;
  need(count <= most, 'the palette is too long');
  need(bytes.length >= place.offset + count * place.entryBytes, 'the palette is cut off');
  const palette = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    const entry = place.offset + i * place.entryBytes;
    palette.set([bytes[entry + 2] as number, bytes[entry + 1] as number, bytes[entry] as number], i * 3);
  }
  return palette;
}

/** Takes a channel out of a pixel word and spreads it over 0..255. */
function channelReader(mask: number): (word: number) => number {
  const shift = 31 - Math.clz32(mask & -mask);
  const max = mask >>> shift;
  return (word) => Math.round((((word & mask) >>> shift) * 255) / max);
}

function checkBits(bits: number): BmpHeader['bitsPerPixel'] {
  if (bits === 1 || bits === 4 || bits === 8 || bits === 16 || bits === 24 || bits === 32) return bits;
  throw new Error(`${bits} bits a pixel are not known`);
}

function compressionOf(code: number, bits: number): BmpHeader['compression'] {
  if (code === BI_RGB) return 'none';
  if (code === BI_RLE8 && bits === 8) return 'rle8';
  if (code === BI_RLE4 && bits === 4) return 'rle4';
  if ((code === BI_BITFIELDS || code === BI_ALPHABITFIELDS) && (bits === 16 || bits === 32)) return 'none';
  throw new Error(`compression ${code} with ${bits} bits a pixel is not known`);
}

function checkSize(widthPx: number, heightPx: number): { readonly widthPx: number; readonly heightPx: number } {
  need(widthPx > 0 && heightPx > 0, 'the picture has no size');
  return { widthPx, heightPx };
}

function need(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
