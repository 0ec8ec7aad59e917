// How far a sketch's word can be from the truth, and so how low a row's sketch may lie and still be looked at.
//
// Template x and query q are unit vectors in the rotated space, b the signs of x, f = ⟨x, b⟩/√D, close to √(2/π) for
// every template once rotated. With q = s·x + √(1−s²)·w, w ⟂ x: ⟨q, b⟩ = s·f·√D + √(1−s²)·⟨w, b⟩, and ⟨w, b⟩ spreads by
// √(1−f²). So ⟨q, b⟩/(f·√D) estimates the score s without bias and with a standard error of
// √((1−s²)(1−f²)/(f²·D)): .033 at D = 512 for s near 0 (Gao & Long, "RaBitQ", SIGMOD 2024; that signs keep angles at
// all: Goemans & Williamson, J. ACM 42(6), 1995; Charikar, STOC 2002). Looking only at a share φ of the dimensions adds
// what the rest of them may still hold.

const F_SQUARED = 2 / Math.PI;
const F = Math.sqrt(F_SQUARED);
/** Relative variance of f over rotated templates, times D: .07 for normally distributed members, with room to spare. */
const F_VARIANCE = 0.1;

/** Standard error of the score as estimated from the first `share` of `dims` sketch bits, when it is truly `score`. */
export function sketchError(score: number, share: number, dims: number): number {
  const s = Math.min(1, Math.max(-1, score)) ** 2;
  const across = ((1 - s) * (1 - share * F_SQUARED)) / (share * F_SQUARED * dims);
  const along = (s * ((1 - F_SQUARED) / F_SQUARED) * (1 - share) + s * F_VARIANCE) / (share * dims);
  return Math.sqrt(across + along);
}

/** A query's lookup tables in numbers. */
export interface SketchScale {
  /** What one unit of a table entry is worth. */
  readonly step: number;
  /** Sum of all tables' lowest entries up to the end of each plane. */
  readonly lows: Float32Array;
}

/**
 * For each plane the least sum of table entries that a row of true score `score` or better has with `margin` standard
 * errors to spare, the tables' own rounding (step/√12 for each four dimensions) included. Whole numbers for the kernel.
 */
export function sketchBounds(
  score: number,
  margin: number,
  query: { readonly dims: number; readonly scale: SketchScale },
  out: Int16Array,
): void {
  const { dims, scale } = query;
  const planes = scale.lows.length;
  for (let plane = 0; plane < planes; plane++) {
    const share = (plane + 1) / planes;
    const rounding = (scale.step / F) * Math.sqrt(1 / (48 * share));
    const estimate = score - margin * Math.hypot(sketchError(score, share, dims), rounding);
    const dot = estimate * share * Math.sqrt(dims) * F;
    const units = Math.floor((dot - (scale.lows[plane] as number)) / scale.step);
    out[plane] = Math.min(32_767, Math.max(-1, units));
  }
}

/** From so many persons on, the last of the best is one of many strangers, not a mate. */
const LONG_LIST = 5;
/** Standard errors that a mate stands out from the strangers at the end of such a list. */
export const STANDING_OUT = 2;

/**
 * Standard errors to spare below `bar`. Who is asked for by a least score gets them all. Where no such score but the
 * last of a long list is the bar, the strangers around it are too many to read them all (a sixth of a million at 4.2),
 * and whether one of them takes another's place tells nobody anything: a mate who stands out from them is as safe.
 */
export function sketchMargin(
  query: { readonly margin: number; readonly minScore: number; readonly maxPersons: number },
  bar: number,
): number {
  return isLongList(query.maxPersons) && bar > query.minScore ? query.margin - STANDING_OUT : query.margin;
}

/** Whether a best person of `score` is one whom a search with this last person on its list must not miss. */
export function standsOut(
  score: number,
  list: { readonly maxPersons: number; readonly lastScore: number | undefined; readonly dims: number },
): boolean {
  const { maxPersons, lastScore, dims } = list;
  if (!isLongList(maxPersons) || lastScore === undefined) return true;
  return score >= lastScore + STANDING_OUT * sketchError(lastScore, 1, dims);
}

export function isLongList(maxPersons: number): boolean {
  return maxPersons >= LONG_LIST;
}
