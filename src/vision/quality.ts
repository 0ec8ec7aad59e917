// How far a face can be trusted for recognition. The limits are where mated pairs begin to be lost at the default
// threshold (false non-match rate, LFW-dev): about 1 in 4 or worse is `low`, twice the usual 2 in 100 is `medium`.
import type { FaceMeasurements, Quality, QualityReason } from '../core/types.ts';

interface Limit {
  readonly reason: QualityReason;
  /** What of the face is judged; higher is worse. */
  readonly badness: (measured: FaceMeasurements, eyeDistancePx: number) => number;
  readonly medium: number;
  readonly low: number;
}

/** A bound that is never crossed. */
const NEVER = Number.POSITIVE_INFINITY;

/** Worst first: the order in which reasons are given. */
const LIMITS: readonly Limit[] = [
  // Embedding length 2.5 to 2.75 loses 17 in 100, below 2.5 three of four
  { reason: 'indistinct', badness: ({ templateLength }) => -templateLength, medium: -3, low: -2.5 },
  // A mask drawn over a face loses 52 to 75 in 100
  { reason: 'mouth-covered', badness: ({ mask }) => mask, medium: NEVER, low: 0.5 },
  { reason: 'mouth-covered', badness: ({ mouthOccluded }) => mouthOccluded, medium: 0.5, low: NEVER },
  // Eyes 13 px apart lose 6 in 100, 8 px 34
  { reason: 'too-small', badness: (_, eyeDistancePx) => -eyeDistancePx, medium: -16, low: -10 },
  { reason: 'turned-away', badness: ({ pose }) => Math.hypot(pose.yawDeg, pose.pitchDeg), medium: 30, low: 60 },
  { reason: 'blurred', badness: ({ blur }) => blur, medium: 0.4, low: 0.75 },
  { reason: 'too-dark', badness: ({ exposure }) => -exposure, medium: -0.25, low: -0.125 },
  { reason: 'too-bright', badness: ({ exposure }) => exposure, medium: 0.75, low: 0.9 },
  // Behind sunglasses 22 in 100
  { reason: 'eyes-covered', badness: ({ eyesOccluded }) => eyesOccluded, medium: 0.5, low: NEVER },
];

/** Judges a face; `eyeDistancePx` is the distance between the eyes' middles in the photo. */
export function judgeQuality(measured: FaceMeasurements, eyeDistancePx: number): Quality {
  const crossed = (bound: 'medium' | 'low') =>
    LIMITS.filter((limit) => limit.badness(measured, eyeDistancePx) > limit[bound]).map(({ reason }) => reason);
  const low = crossed('low');
  const reasons = [...new Set([...low, ...crossed('medium')])];
  return { level: low.length > 0 ? 'low' : reasons.length > 0 ? 'medium' : 'high', reasons };
}
