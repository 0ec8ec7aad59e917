// Crops of a face at any scale. Each reads, bilinearly, the copy of the photo that is nearest to its scale: one of the
// pictures that detection made anyway, or one halved from it around the face alone. No aliasing, and no pass over the
// whole photo.
import type { Box } from '../core/types.ts';
import type { RgbImage } from './rgb-image.ts';

/**
 * Crop → photo: `x = a·u − b·v + tx`, `y = b·u + a·v + ty`. Coordinates are pixel indices: pixel 0 has its centre at 0.
 */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

interface Level {
  readonly image: RgbImage;
  /** Photo pixel under the level's left top edge. */
  readonly leftPx: number;
  readonly topPx: number;
  /** Photo pixels that a pixel of the level covers, across and down. */
  readonly stepX: number;
  readonly stepY: number;
}

export class FacePatch {
  /** From fine to coarse. */
  readonly #levels: Level[];
  readonly #region: Box;

  /**
   * `pictures` show one photo at falling sizes, itself first. `region`, in its pixels, bounds what crops will ask for
   * once they shrink below the smallest; it may stand out of the photo.
   */
  constructor(pictures: readonly RgbImage[], region: Box) {
    const [photo] = pictures;
    if (!photo) throw new Error('a patch needs a photo');
    this.#levels = pictures.map((image) => ({
      image,
      leftPx: 0,
      topPx: 0,
      stepX: photo.widthPx / image.widthPx,
      stepY: photo.heightPx / image.heightPx,
    }));
    this.#region = region;
  }

  /** A square of the photo, `sidePx` pixels wide, RGB. Black outside of the photo. */
  crop(toPhoto: Similarity, sidePx: number): Uint8Array {
    const { image, leftPx, topPx, stepX, stepY } = this.#levelFor(Math.hypot(toPhoto.a, toPhoto.b));
    return sampleSquare(
      image,
      {
        xu: toPhoto.a / stepX,
        xv: -toPhoto.b / stepX,
        x0: (toPhoto.tx - leftPx + 0.5) / stepX - 0.5,
        yu: toPhoto.b / stepY,
        yv: toPhoto.a / stepY,
        y0: (toPhoto.ty - topPx + 0.5) / stepY - 0.5,
      },
      sidePx,
    );
  }

  /** The coarsest copy that still has about a pixel for each of the crop's; made where it is missing. */
  #levelFor(photoPxPerCropPx: number): Level {
    let best = this.#levels[0] as Level;
    for (const level of this.#levels) if (level.stepX <= photoPxPerCropPx * STEP_TOLERANCE) best = level;
    while (best.stepX * 2 <= photoPxPerCropPx * STEP_TOLERANCE) {
      const coarser = halve(best, this.#region);
      if (!coarser) break;
      this.#levels.push(coarser);
      best = coarser;
    }
    return best;
  }
}

/** A copy a little coarser than the crop is taken before one much finer. */
const STEP_TOLERANCE = 1.05;

/** The part of a level that the region covers, at half the size; undefined where nothing would be left. */
function halve(level: Level, region: Box): Level | undefined {
  const { image, stepX, stepY } = level;
  const left = clamp(Math.floor((region.leftPx - level.leftPx) / stepX), 0, image.widthPx);
  const top = clamp(Math.floor((region.topPx - level.topPx) / stepY), 0, image.heightPx);
  const right = clamp(Math.ceil((region.leftPx + region.widthPx - level.leftPx) / stepX), 0, image.widthPx);
  const bottom = clamp(Math.ceil((region.topPx + region.heightPx - level.topPx) / stepY), 0, image.heightPx);
  const widthPx = (right - left) >> 1;
  const heightPx = (bottom - top) >> 1;
  if (widthPx < 1 || heightPx < 1) return undefined;
  const from = image.data;
  const rowBytes = image.widthPx * 3;
  const data = new Uint8Array(widthPx * heightPx * 3);
  let to = 0;
  for (let y = 0; y < heightPx; y++) {
    let at = (top + 2 * y) * rowBytes + left * 3;
    for (const end = to + widthPx * 3; to < end; to += 3, at += 6) {
      const below = at + rowBytes;
      data[to] = meanOfFour(from[at], from[at + 3], from[below], from[below + 3]);
      data[to + 1] = meanOfFour(from[at + 1], from[at + 4], from[below + 1], from[below + 4]);
      data[to + 2] = meanOfFour(from[at + 2], from[at + 5], from[below + 2], from[below + 5]);
    }
  }
  return {
    image: { widthPx, heightPx, data },
    leftPx: level.leftPx + left * stepX,
    topPx: level.topPx + top * stepY,
    stepX: stepX * 2,
    stepY: stepY * 2,
  };
}

/** Crop → level, in pixel indices: `x = xu·u + xv·v + x0`, and y alike. */
interface Affine {
  readonly xu: number;
  readonly xv: number;
  readonly x0: number;
  readonly yu: number;
  readonly yv: number;
  readonly y0: number;
}

/** Bilinear sampling of `image`, black outside. */
function sampleSquare(image: RgbImage, map: Affine, sidePx: number): Uint8Array {
  const { data, widthPx, heightPx } = image;
  const crop = new Uint8Array(sidePx * sidePx * 3);
  const rowBytes = widthPx * 3;
  let to = 0;
  for (let v = 0; v < sidePx; v++) {
    let x = map.x0 + map.xv * v;
    let y = map.y0 + map.yv * v;
    for (let u = 0; u < sidePx; u++, to += 3, x += map.xu, y += map.yu) {
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      if (x0 < -1 || y0 < -1 || x0 >= widthPx || y0 >= heightPx) continue;
      // Weights in 256ths of 256ths: whole numbers, which sum to 65,536 and keep a pixel's sum below 2^24
      const fx = ((x - x0) * 256) | 0;
      const fy = ((y - y0) * 256) | 0;
      let w11 = fx * fy;
      let w10 = (fx << 8) - w11;
      let w01 = (fy << 8) - w11;
      let w00 = 65_536 - (fx << 8) - w01;
      let at = y0 * rowBytes + x0 * 3;
      let right = 3;
      let below = rowBytes;
      if (x0 < 0 || y0 < 0 || x0 === widthPx - 1 || y0 === heightPx - 1) {
        // On the rim: neighbours outside weigh nothing, and any pixel may stand in for them
        if (x0 < 0) w00 = w01 = 0;
        if (y0 < 0) w00 = w10 = 0;
        if (x0 === widthPx - 1) w10 = w11 = 0;
        if (y0 === heightPx - 1) w01 = w11 = 0;
        at = Math.max(0, y0) * rowBytes + Math.max(0, x0) * 3;
        right = x0 < 0 || x0 === widthPx - 1 ? 0 : 3;
        below = y0 < 0 || y0 === heightPx - 1 ? 0 : rowBytes;
      }
      const side = at + right;
      const low = at + below;
      const corner = low + right;
      // Channel by channel in full: a loop of three here costs a quarter more
      crop[to] =
        ((data[at] as number) * w00 +
          (data[side] as number) * w10 +
          (data[low] as number) * w01 +
          (data[corner] as number) * w11 +
          32_768) >>
        16;
      crop[to + 1] =
        ((data[at + 1] as number) * w00 +
          (data[side + 1] as number) * w10 +
          (data[low + 1] as number) * w01 +
          (data[corner + 1] as number) * w11 +
          32_768) >>
        16;
      crop[to + 2] =
        ((data[at + 2] as number) * w00 +
          (data[side + 2] as number) * w10 +
          (data[low + 2] as number) * w01 +
          (data[corner + 2] as number) * w11 +
          32_768) >>
        16;
    }
  }
  return crop;
}

function meanOfFour(
  a: number | undefined,
  b: number | undefined,
  c: number | undefined,
  d: number | undefined,
): number {
  return ((a as number) + (b as number) + (c as number) + (d as number) + 2) >> 2;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
