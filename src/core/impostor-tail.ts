// How often is a stranger shown a name? A curve from score to false positive identification rate (FPIR, ISO/IEC
// 19795-1), for a stated number of persons, and its inverse: the threshold for a wanted rate.
import type { Calibration } from './types.ts';

export interface TailPoint {
  readonly score: number;
  /** Share of strangers whose best score among `persons` reaches `score`; best estimate and 90 % interval. */
  readonly fpir: number;
  readonly lower: number;
  readonly upper: number;
}

export interface TailCurve {
  /** Number of persons searched that the rates hold for. */
  readonly persons: number;
  /** Scores rising, rates falling; at least two. */
  readonly points: readonly TailPoint[];
  /** What it was measured on, with N, in words. */
  readonly measuredOn: string;
}

export type RateBound = 'fpir' | 'lower' | 'upper';

/** The pack's shipped tail: rates of single impostor comparisons, so a curve for one person searched. */
export function packTail(calibration: Calibration): TailCurve {
  const points = calibration.impostorTail.map(({ score, falseMatchRate }) => ({
    score,
    fpir: falseMatchRate,
    lower: falseMatchRate / PACK_UNCERTAINTY,
    upper: falseMatchRate * PACK_UNCERTAINTY,
  }));
  return { persons: 1, points, measuredOn: calibration.measuredOn };
}

/**
 * How far another camera, crowd or country may lie from the photographs a pack was measured on, as a factor on its
 * rates either way. A judgement, not a measurement: a gallery's own tail replaces it as soon as there is one.
 */
const PACK_UNCERTAINTY = 3;

/**
 * FPIR at a threshold when `persons` are searched. Between points log-rates are interpolated, beyond the ends the last
 * slope goes on; other numbers of persons follow from 1 − (1 − r)^(persons / curve.persons), as if the persons'
 * comparisons were independent (ISO/IEC 19795-1, annex on 1:N from 1:1 rates).
 */
export function fpirAt(
  curve: TailCurve,
  score: number,
  search: { readonly persons: number; readonly bound?: RateBound },
): number {
  const rate = rateAt(curve.points, score, search.bound ?? 'fpir');
  return scaleRate(rate, search.persons / curve.persons);
}

/** The lowest score at which FPIR is at most `targetFpir` (0..1) when `persons` are searched; within [−1, 1]. */
export function thresholdFor(
  curve: TailCurve,
  targetFpir: number,
  search: { readonly persons: number; readonly bound?: RateBound },
): number {
  let low = -1;
  let high = 1;
  // 40 halvings of an interval of 2: far below the score's own rounding.
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (fpirAt(curve, middle, search) > targetFpir) low = middle;
    else high = middle;
  }
  return high;
}

function rateAt(points: readonly TailPoint[], score: number, bound: RateBound): number {
  const upperIndex = points.findIndex((point) => point.score >= score);
  const rightIndex = upperIndex === -1 ? points.length - 1 : Math.max(1, upperIndex);
  const left = points[rightIndex - 1] as TailPoint;
  const right = points[rightIndex] as TailPoint;
  const share = (score - left.score) / (right.score - left.score);
  const logRate = Math.log(left[bound]) + share * (Math.log(right[bound]) - Math.log(left[bound]));
  return Math.min(1, Math.exp(logRate));
}

/** 1 − (1 − rate)^times, without losing small rates to rounding. */
function scaleRate(rate: number, times: number): number {
  return rate >= 1 ? 1 : -Math.expm1(times * Math.log1p(-rate));
}
