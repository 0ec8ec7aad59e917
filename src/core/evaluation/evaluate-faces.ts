import { DEFAULT_TARGET_FPIR, type DecisionRule, decide, decisionRule, type Outcome } from '../decide.ts';
import { packTail, type TailCurve, thresholdFor } from '../impostor-tail.ts';
import { bootstrapInterval } from '../statistics/bootstrap-interval.ts';
import {
  equalErrorRate,
  type TradeOffPoint,
  tradeOffAt,
  tradeOffAtFalseMatchRate,
} from '../statistics/error-trade-off.ts';
import { type Interval, ruleOfThree } from '../statistics/proportion-interval.ts';
import { seededRandom } from '../statistics/seeded-random.ts';
import type { Calibration } from '../types.ts';
import { type CalibrationCheck, checkCalibration, ownTailOf } from './check-calibration.ts';
import { compareFaces, type FaceComparisons, pairScores, type ScoredPair } from './face-comparisons.ts';
import type { LabelledFace } from './labelled-face.ts';
import {
  canTell,
  countByPerson,
  fnirAt,
  fpirAtThreshold,
  isMiss,
  type OpenSetRate,
  type PooledSearches,
  poolTrials,
  rateAtFpir,
} from './open-set-rates.ts';
import { type MatedSearch, type OpenSetTrial, runOpenSetTrial } from './open-set-trial.ts';

export interface EvaluationOptions {
  readonly calibration: Calibration;
  /** Random galleries; more make the figures steadier, not surer. */
  readonly trials?: number;
  readonly seed?: number;
  /** Worst pairs kept of each kind. */
  readonly keepWorst?: number;
  /** Group of a person, as the owner of the photos says; absent persons are in none. */
  readonly groupOf?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  readonly faces: number;
  readonly persons: number;
  readonly verification: {
    readonly genuinePairs: number;
    readonly impostorPairs: number;
    readonly equalErrorRate: number;
    readonly atFalseMatchRate: readonly (TradeOffPoint & { readonly wantedRate: number })[];
    readonly curve: readonly TradeOffPoint[];
    readonly worstGenuine: readonly ScoredPair[];
    readonly worstImpostor: readonly ScoredPair[];
  };
  readonly identification: {
    readonly galleryPersons: number;
    readonly trials: number;
    readonly matedSearches: number;
    readonly matedPersons: number;
    readonly strangerSearches: number;
    readonly strangers: number;
    readonly rankOneMissRate: number;
    readonly atFpir: readonly OpenSetRate[];
    readonly curve: readonly { readonly threshold: number; readonly fpir: number; readonly fnir: number }[];
  };
  /** Whether galleries of these persons keep what they promise. */
  readonly calibration: readonly CalibrationCheck[];
  readonly recommended: Advice;
  /** The recommended rate in galleries of other sizes. */
  readonly sizes: readonly SizeForecast[];
  readonly groups: readonly GroupRates[];
}

/** What a wanted rate comes to in people, by the service's own decisions. */
export interface Advice {
  readonly targetFpir: number;
  readonly rule: Pick<DecisionRule, 'thresholdScore' | 'reviewScore' | 'expectedFpir' | 'expectedFpirInterval'>;
  readonly enrolled: Readonly<Record<'match' | 'review' | 'unknown' | 'wrongPerson', number>>;
  readonly strangers: Readonly<Record<Outcome, number>>;
  readonly strangerInterval: Interval;
  /** Set where no stranger was shown a name: the rate is below this with 95 % confidence. */
  readonly strangersBelow?: number;
}

export interface SizeForecast {
  readonly persons: number;
  readonly threshold: number;
  readonly fnir: number;
  /** True where the gallery is larger than any that was tested: the tail's law stands in for strangers. */
  readonly isExtrapolated: boolean;
}

export interface GroupRates {
  readonly group: string;
  readonly persons: number;
  readonly matedSearches: number;
  readonly fnir: number;
  readonly fnirInterval: Interval;
  readonly strangerSearches: number;
  readonly fpir: number;
  readonly fpirInterval: Interval;
}

const FALSE_MATCH_RATES = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
const FPIRS = [0.1, 0.03, 0.01, 0.003, 0.001];
const CALIBRATION_TARGETS = [0.1, 0.03, 0.01];
const CALIBRATION_SIZES = [100, 300];
/** Share of the persons enrolled in a trial; the others are strangers. */
const ENROLLED_SHARE = 2 / 3;
const FORECAST_SIZES = [100, 1000, 10_000, 100_000, 1_000_000];
/** A stricter rate is recommended while it costs no more than this share of one's own people. */
const WORTH_OF_STRICTNESS = 0.02;
const CURVE_POINTS = 60;

/** Too few people or photos to say anything: nobody to search for, or no stranger. */
export class TooFewFacesError extends Error {}

/** Measures how well a pack tells these people apart, alone and in galleries. Throws TooFewFacesError. */
export async function evaluateFaces(faces: readonly LabelledFace[], options: EvaluationOptions): Promise<Evaluation> {
  const comparisons = await compareFaces(faces, options.signal);
  const { personNames, facesOf } = comparisons;
  const persons = personNames.length;
  const several = facesOf.filter(({ length }) => length > 1).length;
  if (persons < 3 || several < 1) {
    throw new TooFewFacesError(
      `There are usable photos of ${persons} people, and of ${several} more than one. At least 3 people are needed, and a second photo of one of them; figures worth having want 100 and more.`,
    );
  }
  const random = seededRandom(options.seed ?? 1);
  const trialCount = options.trials ?? 20;
  const enrolledPersons = Math.max(2, Math.floor(persons * ENROLLED_SHARE));
  const trials: OpenSetTrial[] = [];
  for (let i = 0; i < trialCount; i++) trials.push(runOpenSetTrial(comparisons, { random, enrolledPersons }));
  const searches = poolTrials(trials);
  const pairs = pairScores(comparisons, options.keepWorst ?? 20);
  const own = openOwnTail(comparisons, trials[0] as OpenSetTrial, options.calibration);
  const recommended = recommend(searches, own, { random, enrolledPersons });
  return {
    faces: faces.length,
    persons,
    verification: {
      genuinePairs: pairs.genuine.length,
      impostorPairs: pairs.impostor.length,
      equalErrorRate: equalErrorRate(pairs),
      atFalseMatchRate: FALSE_MATCH_RATES.flatMap((wantedRate) => {
        const point = tradeOffAtFalseMatchRate(pairs, wantedRate);
        return point ? [{ wantedRate, ...point }] : [];
      }),
      curve: thresholds(pairs.impostor.at(-1) ?? 1).map((threshold) => tradeOffAt(pairs, threshold)),
      worstGenuine: pairs.worstGenuine,
      worstImpostor: pairs.worstImpostor,
    },
    identification: {
      galleryPersons: enrolledPersons,
      trials: trialCount,
      matedSearches: searches.mated.length,
      matedPersons: searches.matedPersons,
      strangerSearches: searches.nonMated.length,
      strangers: searches.strangers,
      rankOneMissRate: fnirAt(searches, -1),
      atFpir: FPIRS.flatMap((fpir) => rateAtFpir(searches, fpir, { random }) ?? []),
      curve: thresholds(1).map((threshold) => ({
        threshold,
        fpir: fpirAtThreshold(searches, threshold),
        fnir: fnirAt(searches, threshold),
      })),
    },
    calibration: [...CALIBRATION_SIZES.filter((size) => size < enrolledPersons), enrolledPersons].flatMap((size) =>
      checkCalibration(comparisons, {
        random,
        calibration: options.calibration,
        enrolledPersons: size,
        targets: CALIBRATION_TARGETS,
        trials: Math.min(10, trialCount),
        facesAPerson: 1,
      }),
    ),
    recommended,
    sizes: FORECAST_SIZES.map((size) => forecast(searches, own, { size, targetFpir: recommended.targetFpir })),
    groups: rateGroups(comparisons, searches, { ...options, random, threshold: recommended.rule.thresholdScore }),
  };
}

interface OwnTail {
  /** Fitted to one of the galleries; the pack's where they are too small. */
  readonly curve: TailCurve;
  readonly isOwn: boolean;
  readonly calibration: Calibration;
  readonly enrolments: number;
  readonly persons: number;
}

function openOwnTail(comparisons: FaceComparisons, trial: OpenSetTrial, calibration: Calibration): OwnTail {
  const curve = ownTailOf(comparisons, trial, calibration);
  const enrolments = [...trial.gallery.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    curve: curve ?? packTail(calibration),
    isOwn: curve !== undefined,
    calibration,
    enrolments,
    persons: trial.gallery.size,
  };
}

function ruleFor(own: OwnTail, { persons, targetFpir }: { readonly persons: number; readonly targetFpir: number }) {
  const enrolments = Math.round((own.enrolments * persons) / own.persons);
  const ownTail = own.isOwn ? own.curve : undefined;
  return decisionRule(own.calibration, { persons, enrolments, targetFpir, ownTail });
}

/** The strictest rate that costs hardly more of one's own people than the laxest. */
function recommend(
  searches: PooledSearches,
  own: OwnTail,
  { random, enrolledPersons }: { readonly random: () => number; readonly enrolledPersons: number },
): Advice {
  const ruleAt = (targetFpir: number): DecisionRule => ruleFor(own, { persons: enrolledPersons, targetFpir });
  const missedAt = (fpir: number): number => fnirAt(searches, ruleAt(fpir).thresholdScore);
  const lax = missedAt(Math.max(...FPIRS));
  const affordable = FPIRS.filter((fpir) => missedAt(fpir) <= lax + WORTH_OF_STRICTNESS && canTell(searches, fpir));
  const targetFpir = affordable.length > 0 ? Math.min(...affordable) : DEFAULT_TARGET_FPIR;
  const rule = ruleAt(targetFpir);

  const enrolled = { match: 0, review: 0, unknown: 0, wrongPerson: 0 };
  for (const search of searches.mated) enrolled[answerTo(search, rule, own.calibration)] += 1 / searches.mated.length;
  const strangers = { match: 0, review: 0, unknown: 0 };
  for (const { bestScore } of searches.nonMated) {
    strangers[decide([bestScore], rule, own.calibration)] += 1 / searches.nonMated.length;
  }
  const { thresholdScore, reviewScore, expectedFpir, expectedFpirInterval } = rule;
  return {
    targetFpir,
    rule: { thresholdScore, reviewScore, expectedFpir, expectedFpirInterval },
    enrolled,
    strangers,
    strangerInterval: bootstrapInterval(
      countByPerson(searches.nonMated, ({ bestScore }) => bestScore >= thresholdScore),
      { random },
    ),
    ...(strangers.match === 0 ? { strangersBelow: ruleOfThree(searches.strangers) } : {}),
  };
}

function answerTo(
  { mateScore, bestOtherScore }: MatedSearch,
  rule: DecisionRule,
  calibration: Calibration,
): keyof Advice['enrolled'] {
  const outcome = decide(
    [mateScore, bestOtherScore].sort((a, b) => b - a),
    rule,
    calibration,
  );
  return outcome === 'match' && bestOtherScore > mateScore ? 'wrongPerson' : outcome;
}

function forecast(
  searches: PooledSearches,
  own: OwnTail,
  { size, targetFpir }: { readonly size: number; readonly targetFpir: number },
): SizeForecast {
  const threshold = thresholdFor(own.curve, targetFpir, { persons: size });
  // The runner-up of a larger gallery comes closer too, but hardly ever above a threshold made for strangers
  const missed = searches.mated.filter(({ mateScore }) => mateScore < threshold).length;
  return {
    persons: size,
    threshold,
    fnir: missed / searches.mated.length,
    isExtrapolated: size > own.persons,
  };
}

function rateGroups(
  { personNames }: FaceComparisons,
  searches: PooledSearches,
  options: {
    readonly groupOf?: ReadonlyMap<string, string>;
    readonly random: () => number;
    readonly threshold: number;
  },
): readonly GroupRates[] {
  const { groupOf, random, threshold } = options;
  if (!groupOf) return [];
  const groups = personNames.map((name) => groupOf.get(name));
  const names = [...new Set(groups)].filter((group) => group !== undefined).sort();
  return names.map((group) => {
    const isIn = ({ person }: { readonly person: number }): boolean => groups[person] === group;
    const mated = countByPerson(searches.mated.filter(isIn), (search) => isMiss(search, threshold));
    const nonMated = countByPerson(searches.nonMated.filter(isIn), ({ bestScore }) => bestScore >= threshold);
    const share = (counts: typeof mated): { readonly rate: number; readonly trials: number } => {
      const trials = counts.reduce((sum, count) => sum + count.trials, 0);
      return { rate: counts.reduce((sum, { errors }) => sum + errors, 0) / Math.max(1, trials), trials };
    };
    return {
      group,
      persons: groups.filter((name) => name === group).length,
      matedSearches: share(mated).trials,
      fnir: share(mated).rate,
      fnirInterval: bootstrapInterval(mated, { random }),
      strangerSearches: share(nonMated).trials,
      fpir: share(nonMated).rate,
      fpirInterval: bootstrapInterval(nonMated, { random }),
    };
  });
}

function thresholds(highest: number): readonly number[] {
  return Array.from({ length: CURVE_POINTS }, (_, i) => (i * Math.min(1, highest + 0.02)) / (CURVE_POINTS - 1));
}
