/** 8-bit sRGB pixels, interleaved, upright, without padding. */
export interface RgbImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `widthPx × heightPx × 3` bytes. */
  readonly data: Uint8Array;
}
