// Crops of a face at any scale. The surroundings of the face are halved once per octave (2×2 means), and each crop reads
// the copy nearest to its scale bilinearly: no aliasing, and no pass over the whole photo.
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

/** Where a crop goes inside a tensor, and in which scaling. */
export interface CropTarget {
  readonly tensor: Float32Array;
  /** Index of the first value. */
  readonly offset: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Per plane: which of R, G, B it holds and how a byte becomes its value (`byte · scale + shift`). */
  readonly planes: readonly { readonly channel: 0 | 1 | 2; readonly scale: number; readonly shift: number }[];
}

interface Level {
  readonly image: RgbImage;
  /** Photo pixel under the level's left top edge. */
  readonly leftPx: number;
  readonly topPx: number;
  /** Photo pixels a level pixel covers in each direction. */
  readonly factor: number;
}

export class FacePatch {
  readonly #levels: Level[];
  readonly #region: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

  /** `region` bounds what crops will ask for once they shrink; it may stand out of the photo. */
  constructor(photo: RgbImage, region: Box) {
    this.#levels = [{ image: photo, leftPx: 0, topPx: 0, factor: 1 }];
    this.#region = {
      left: clamp(Math.floor(region.leftPx), 0, photo.widthPx),
      top: clamp(Math.floor(region.topPx), 0, photo.heightPx),
      right: clamp(Math.ceil(region.leftPx + region.widthPx), 0, photo.widthPx),
      bottom: clamp(Math.ceil(region.topPx + region.heightPx), 0, photo.heightPx),
    };
  }

  /** Writes one plane after another. Black outside of the photo. */
  crop(toPhoto: Similarity, target: CropTarget): void {
    const photoPxPerCropPx = Math.hypot(toPhoto.a, toPhoto.b);
    const level = this.#levelFor(photoPxPerCropPx);
    const { factor, leftPx, topPx } = level;
    sample(
      level.image,
      {
        a: toPhoto.a / factor,
        b: toPhoto.b / factor,
        tx: (toPhoto.tx - leftPx + 0.5) / factor - 0.5,
        ty: (toPhoto.ty - topPx + 0.5) / factor - 0.5,
      },
      target,
    );
  }

  /** The coarsest copy that still has at least one pixel for each of the crop's. */
  #levelFor(photoPxPerCropPx: number): Level {
    const octave = Math.max(0, Math.floor(Math.log2(photoPxPerCropPx)));
    for (let i = this.#levels.length; i <= octave; i++) {
      const finer = this.#levels[i - 1] as Level;
      const coarser = this.#halve(finer);
      if (!coarser) return finer;
      this.#levels.push(coarser);
    }
    return this.#levels[octave] as Level;
  }

  #halve(finer: Level): Level | undefined {
    const { left, top, right, bottom } = this.#region;
    const whole = finer.factor === 1;
    const fromX = whole ? left : 0;
    const fromY = whole ? top : 0;
    const widthPx = (whole ? right - left : finer.image.widthPx) >> 1;
    const heightPx = (whole ? bottom - top : finer.image.heightPx) >> 1;
    if (widthPx < 1 || heightPx < 1) return undefined;
    const { data: from, widthPx: fromWidth } = finer.image;
    const data = new Uint8Array(widthPx * heightPx * 3);
    const rowBytes = fromWidth * 3;
    let to = 0;
    for (let y = 0; y < heightPx; y++) {
      let upper = ((fromY + 2 * y) * fromWidth + fromX) * 3;
      for (let x = 0; x < widthPx; x++, upper += 6, to += 3) {
        const lower = upper + rowBytes;
        for (let c = 0; c < 3; c++) {
          data[to + c] =
            ((from[upper + c] as number) +
              (from[upper + 3 + c] as number) +
              (from[lower + c] as number) +
              (from[lower + 3 + c] as number) +
              2) >>
            2;
        }
      }
    }
    return {
      image: { widthPx, heightPx, data },
      leftPx: whole ? left : finer.leftPx,
      topPx: whole ? top : finer.topPx,
      factor: finer.factor * 2,
    };
  }
}

/** Bilinear sampling of `image`, black outside. */
function sample(image: RgbImage, map: Similarity, target: CropTarget): void {
  const { data, widthPx: width, heightPx: height } = image;
  const { tensor, offset, planes } = target;
  const planeSize = target.widthPx * target.heightPx;
  const rowBytes = width * 3;
  let at = offset;
  for (let v = 0; v < target.heightPx; v++) {
    let x = map.tx - map.b * v;
    let y = map.ty + map.a * v;
    for (let u = 0; u < target.widthPx; u++, at++, x += map.a, y += map.b) {
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      const leftIn = x0 >= 0 && x0 < width;
      const rightIn = x0 >= -1 && x0 < width - 1;
      const topIn = y0 >= 0 && y0 < height;
      const bottomIn = y0 >= -1 && y0 < height - 1;
      const w00 = leftIn && topIn ? (1 - fx) * (1 - fy) : 0;
      const w10 = rightIn && topIn ? fx * (1 - fy) : 0;
      const w01 = leftIn && bottomIn ? (1 - fx) * fy : 0;
      const w11 = rightIn && bottomIn ? fx * fy : 0;
      // A neighbour outside has weight 0; any pixel may stand in for it
      const left = leftIn ? x0 * 3 : 0;
      const right = rightIn ? x0 * 3 + 3 : 0;
      const top = topIn ? y0 * rowBytes : 0;
      const bottom = bottomIn ? (y0 + 1) * rowBytes : 0;
      for (let p = 0; p < planes.length; p++) {
        const plane = planes[p] as CropTarget['planes'][number];
        const c = plane.channel;
        tensor[at + p * planeSize] =
          ((data[top + left + c] as number) * w00 +
            (data[top + right + c] as number) * w10 +
            (data[bottom + left + c] as number) * w01 +
            (data[bottom + right + c] as number) * w11) *
            plane.scale +
          plane.shift;
      }
    }
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
