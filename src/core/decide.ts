// From scores to an answer that a person can act on: a match, a question for a colleague, or nobody we know.
import { fpirAt, packTail, type RateBound, type TailCurve, thresholdFor } from './impostor-tail.ts';
import type { Calibration } from './types.ts';

/** `review` asks for a look by a person. */
export type Outcome = 'match' | 'review' | 'unknown';

/** What a search is decided by; every answer carries it, so that no score stands alone. */
export interface DecisionRule {
  /** Persons searched. */
  readonly persons: number;
  /** Scores from here on are matches … */
  readonly thresholdScore: number;
  /** … and from here on questions. At most `thresholdScore`. */
  readonly reviewScore: number;
  /** Share of strangers that the gallery's owner accepts being shown a name. */
  readonly targetFpir: number;
  /** Share of strangers expected to reach `thresholdScore`, with its 90 % interval. */
  readonly expectedFpir: number;
  readonly expectedFpirInterval: readonly [number, number];
  /** What the rates follow from, and the chances a stranger has on it, in persons with one enrolment each. */
  readonly tail: TailCurve;
  readonly chances: number;
}

/** About 1 in 100 strangers would be shown a name. */
export const DEFAULT_TARGET_FPIR = 0.01;
/** A question may be asked this many times as often as a wrong name may be shown. */
const REVIEWS_PER_FALSE_MATCH = 10;
const MAX_REVIEW_FPIR = 0.5;
/** In small galleries that set no rate, a question is not worth asking below the pack's score for this 1:1 rate. */
const REVIEW_FLOOR_FMR = 1e-3;
/**
 * Of several enrolments of a person the best counts, which gives a stranger more chances, though not as many as there
 * are enrolments: on 610 people × 3 photos the 1 % threshold rose as it would with 1.3 times as many people.
 */
const ENROLMENT_EXPONENT = 0.25;
/** A runner-up this close (in log-odds of the pack's calibration) makes a match a question. */
const MIN_MARGIN_LOG_ODDS = 1.5;

export interface SearchedGallery {
  readonly persons: number;
  readonly enrolments: number;
  /** Wanted rate, 0..1; undefined asks for the default, and never for less certainty than a 1:1 comparison gives. */
  readonly targetFpir: number | undefined;
  /** The gallery's own tail, once it is large enough to have one. */
  readonly ownTail: TailCurve | undefined;
}

export function decisionRule(calibration: Calibration, gallery: SearchedGallery): DecisionRule {
  const targetFpir = gallery.targetFpir ?? DEFAULT_TARGET_FPIR;
  const pack = packTail(calibration);
  const tail = gallery.ownTail ?? pack;
  const persons = gallery.ownTail ? gallery.persons : chancesIn(gallery);
  const at = (fpir: number): number => thresholdFor(tail, fpir, { persons });
  const isDefault = gallery.targetFpir === undefined;

  const thresholdScore = Math.max(at(targetFpir), isDefault ? calibration.midpointScore : -1);
  const reviewFloor = isDefault ? thresholdFor(pack, REVIEW_FLOOR_FMR, { persons: 1 }) : -1;
  const reviewFpir = Math.min(MAX_REVIEW_FPIR, targetFpir * REVIEWS_PER_FALSE_MATCH);
  const expected = (bound: 'fpir' | 'lower' | 'upper'): number => fpirAt(tail, thresholdScore, { persons, bound });
  return {
    persons: gallery.persons,
    thresholdScore,
    reviewScore: Math.min(thresholdScore, Math.max(at(reviewFpir), reviewFloor)),
    targetFpir,
    expectedFpir: expected('fpir'),
    expectedFpirInterval: [expected('lower'), expected('upper')],
    tail,
    chances: persons,
  };
}

/** Share of strangers whose best score in this search would be `score` or more, with its 90 % interval. */
export function strangerRate(rule: Pick<DecisionRule, 'tail' | 'chances'>, score: number, bound?: RateBound): number {
  return fpirAt(rule.tail, score, { persons: rule.chances, ...(bound ? { bound } : {}) });
}

function chancesIn({ persons, enrolments }: SearchedGallery): number {
  return persons === 0 ? 0 : persons * Math.max(1, enrolments / persons) ** ENROLMENT_EXPONENT;
}

/** `scores` of different persons, best first. */
export function decide(scores: readonly number[], rule: DecisionRule, calibration: Calibration): Outcome {
  const [best, runnerUp] = scores;
  if (best === undefined || best < rule.reviewScore) return 'unknown';
  if (best < rule.thresholdScore) return 'review';
  const isClose = runnerUp !== undefined && (best - runnerUp) * calibration.slope < MIN_MARGIN_LOG_ODDS;
  return isClose ? 'review' : 'match';
}
