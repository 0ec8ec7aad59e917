// A gallery's own impostor tail. Enrolments of different people are impostor comparisons for free: the best score of a
// person among all the others is what a stranger like them would have scored. Peaks over a high threshold follow a
// generalised Pareto distribution (Balkema & de Haan 1974, Pickands 1975; for score tails in biometrics Shi, Coyle &
// Jain 2008, Scheirer et al. 2011); its two parameters are integrated over a grid, with the pack's tail as prior, so
// that small galleries lean on the pack and large ones on themselves (Coles & Powell 1996 on priors for extremes).
import { fpirAt, type TailCurve, type TailPoint, thresholdFor } from './impostor-tail.ts';

/** A person's best score among all other persons, and who that was. */
export interface BestNonMate {
  readonly personNo: number;
  readonly otherPersonNo: number;
  readonly score: number;
}

export interface LikelyDuplicate {
  readonly personNos: readonly [number, number];
  readonly score: number;
}

export interface FittedTail {
  readonly curve: TailCurve;
  /** Pairs too close to be strangers at this gallery's size; left out of the fit. Closest first. */
  readonly likelyDuplicates: readonly LikelyDuplicate[];
}

/** Below this many persons a gallery says too little about its own tail, and the pack's stands. */
export const MIN_PERSONS_FOR_OWN_TAIL = 50;

/** The tail is what lies above this quantile of the persons' best scores … */
const TAIL_SHARE = 0.15;
/** … of which the highest few thousand say all there is to say. */
const MAX_EXCEEDANCES = 2000;
/** A pair shows up from both its sides, so n persons hold about n / 2 independent scores. */
const EVIDENCE_PER_PERSON = 0.5;
/** Duplicates expected a gallery, for want of knowledge: one person in a thousand, at least one pair. */
const DUPLICATES_PER_PERSON = 1 / 1000;
/** Pairs of strangers tolerated for each such duplicate among the pairs that are called likely ones. */
const STRANGERS_PER_DUPLICATE = 0.05;
/** Prior of the Pareto shape: measured spacings of the pack's tail shrink by 0.85 a decade, so about −0.07. */
const SHAPE_MEAN = -0.07;
const SHAPE_SD = 0.1;
const LOG_SCALE_SD = 0.4;
const GRID = 41;
const MAX_ROUNDS = 6;

/**
 * Fits the tail of a gallery of `persons`. `bestNonMates` has one row a person, of all or of a random sample;
 * `packCurve` is for one comparison. Undefined when there are too few.
 */
export function fitTail(
  bestNonMates: readonly BestNonMate[],
  { persons, packCurve }: { readonly persons: number; readonly packCurve: TailCurve },
): FittedTail | undefined {
  if (bestNonMates.length < MIN_PERSONS_FOR_OWN_TAIL) return undefined;

  // Duplicates are told by the tail and must not shape it: begin with the pack's, refit until the cut stands still.
  let curve = packCurve;
  let cutScore = duplicateScore(curve, persons);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const strangers = bestNonMates.filter(({ score }) => score < cutScore).map(({ score }) => score);
    curve = fitStrangers(Float64Array.from(strangers).sort(), { persons, cutScore, packCurve });
    const nextCut = duplicateScore(curve, persons);
    if (Math.abs(nextCut - cutScore) < 0.002) break;
    cutScore = nextCut;
  }
  return { curve, likelyDuplicates: pairsAbove(bestNonMates, cutScore) };
}

/** The score above which a pair of persons is likelier one person twice than two strangers. */
export function duplicateScore(curve: TailCurve, persons: number): number {
  const pairs = (persons * (persons - 1)) / 2;
  const duplicatePairs = Math.max(1, persons * DUPLICATES_PER_PERSON);
  return thresholdFor(curve, Math.min(0.5, (STRANGERS_PER_DUPLICATE * duplicatePairs) / pairs), { persons: 1 });
}

function pairsAbove(bestNonMates: readonly BestNonMate[], cutScore: number): LikelyDuplicate[] {
  const pairs = new Map<string, LikelyDuplicate>();
  for (const { personNo, otherPersonNo, score } of bestNonMates) {
    if (score < cutScore) continue;
    const personNos =
      personNo < otherPersonNo ? ([personNo, otherPersonNo] as const) : ([otherPersonNo, personNo] as const);
    const key = personNos.join(':');
    if ((pairs.get(key)?.score ?? -1) < score) pairs.set(key, { personNos, score });
  }
  return [...pairs.values()].sort((a, b) => b.score - a.score);
}

interface Gallery {
  readonly persons: number;
  readonly cutScore: number;
  readonly packCurve: TailCurve;
}

/** `scores` rising, all below the cut. */
function fitStrangers(scores: Float64Array, gallery: Gallery): TailCurve {
  const exceeding = Math.min(MAX_EXCEEDANCES, Math.max(8, Math.ceil(scores.length * TAIL_SHARE)));
  const threshold = scores[scores.length - exceeding - 1] as number;
  const exceedances = scores.subarray(scores.length - exceeding).map((score) => score - threshold);
  const posterior = paretoPosterior(exceedances, {
    logScaleMean: Math.log(localScale(gallery.packCurve, threshold)),
    ceiling: gallery.cutScore - threshold,
  });
  const tailShare = betaInterval(exceeding, scores.length);

  const points: TailPoint[] = bodyPoints(scores, threshold);
  for (const share of TAIL_GRID) {
    const score = threshold + share * (1 - threshold);
    const survival = survivalInterval(posterior, score - threshold);
    const point = {
      score,
      fpir: tailShare.mean * survival.mean,
      lower: tailShare.lower * survival.lower,
      upper: Math.min(1, tailShare.upper * survival.upper),
    };
    // A bounded tail ends before 1; further points would only say "never", with more certainty than there is.
    if (point.lower <= 1e-300) break;
    points.push(point);
  }
  return {
    persons: gallery.persons - 1,
    points,
    measuredOn: `this gallery: best non-mate scores of ${scores.length} of ${gallery.persons} persons`,
  };
}

/** Where the curve is tabulated above the tail's threshold, as shares of the way to a score of 1. */
const TAIL_GRID = Array.from({ length: 60 }, (_, i) => (i / 60) ** 1.3);

/** Below the tail the scores speak for themselves. */
function bodyPoints(sorted: Float64Array, threshold: number): TailPoint[] {
  const points: TailPoint[] = [];
  for (const share of [0.98, 0.9, 0.75, 0.6, 0.45, 0.3, 0.22]) {
    const score = sorted[Math.floor((1 - share) * sorted.length)] as number;
    const { mean, lower, upper } = betaInterval(Math.round(share * sorted.length), sorted.length);
    const previous = points.at(-1);
    if (score < threshold - 1e-6 && (previous === undefined || score > previous.score)) {
      points.push({ score, fpir: mean, lower, upper });
    }
  }
  return points;
}

/** 1 / (−d ln rate / d score): the scale of an exponential that touches the curve here. */
function localScale(curve: TailCurve, score: number): number {
  const step = 0.02;
  const fall = Math.log(fpirAt(curve, score, { persons: 1 })) - Math.log(fpirAt(curve, score + step, { persons: 1 }));
  return Math.max(0.005, step / Math.max(fall, 1e-6));
}

interface WeightedPareto {
  readonly shape: number;
  readonly scale: number;
  readonly weight: number;
}

/** Posterior of (shape, scale) on a grid. Scores above the ceiling were taken out, so the law is truncated there. */
function paretoPosterior(
  exceedances: Float64Array,
  prior: { readonly logScaleMean: number; readonly ceiling: number },
): readonly WeightedPareto[] {
  const bins = binned(exceedances);
  const grid: { shape: number; scale: number; logWeight: number }[] = [];
  for (let i = 0; i < GRID; i++) {
    const shapeZ = -3 + (6 * i) / (GRID - 1);
    for (let j = 0; j < GRID; j++) {
      const scaleZ = -3 + (6 * j) / (GRID - 1);
      const shape = SHAPE_MEAN + shapeZ * SHAPE_SD;
      const scale = Math.exp(prior.logScaleMean + scaleZ * LOG_SCALE_SD);
      const truncated = Math.log1p(-survival(shape, scale, prior.ceiling));
      let logLikelihood = 0;
      for (const { y, count } of bins) logLikelihood += count * (logDensity(shape, scale, y) - truncated);
      grid.push({ shape, scale, logWeight: EVIDENCE_PER_PERSON * logLikelihood - (shapeZ ** 2 + scaleZ ** 2) / 2 });
    }
  }
  const highest = Math.max(...grid.map(({ logWeight }) => logWeight));
  const weights = grid.map(({ logWeight }) => Math.exp(logWeight - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return grid
    .map(({ shape, scale }, i) => ({ shape, scale, weight: (weights[i] as number) / total }))
    .filter(({ weight }) => weight > 1e-9);
}

/** Counts in narrow bins: the likelihood is the same to the third digit, the cost no longer grows with the gallery. */
function binned(exceedances: Float64Array): readonly { readonly y: number; readonly count: number }[] {
  const width = ((exceedances.at(-1) ?? 0) + 1e-9) / 200;
  const counts = new Map<number, number>();
  for (const y of exceedances) {
    const bin = Math.floor(y / width);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  return [...counts].map(([bin, count]) => ({ y: (bin + 0.5) * width, count }));
}

function logDensity(shape: number, scale: number, y: number): number {
  if (Math.abs(shape) < 1e-9) return -Math.log(scale) - y / scale;
  const inner = 1 + (shape * y) / scale;
  return inner <= 0 ? -Infinity : -Math.log(scale) - (1 + 1 / shape) * Math.log(inner);
}

function survival(shape: number, scale: number, y: number): number {
  if (Math.abs(shape) < 1e-9) return Math.exp(-y / scale);
  const inner = 1 + (shape * y) / scale;
  return inner <= 0 ? 0 : inner ** (-1 / shape);
}

interface Interval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** Mean and 5 % and 95 % quantiles of the survival function at y over the posterior. */
function survivalInterval(posterior: readonly WeightedPareto[], y: number): Interval {
  const values = posterior
    .map(({ shape, scale, weight }) => ({ value: survival(shape, scale, y), weight }))
    .sort((a, b) => a.value - b.value);
  const mean = values.reduce((sum, { value, weight }) => sum + value * weight, 0);
  let seen = 0;
  let lower: number | undefined;
  let upper = 0;
  for (const { value, weight } of values) {
    seen += weight;
    if (seen >= 0.05) lower ??= value;
    if (seen <= 0.95) upper = value;
  }
  return { mean, lower: Math.min(lower ?? 0, mean), upper: Math.max(upper, mean) };
}

/** Share hit / n under the Jeffreys prior, evidence halved as said above; 90 % interval by the normal approximation. */
function betaInterval(hits: number, n: number): Interval {
  const a = hits * EVIDENCE_PER_PERSON + 0.5;
  const b = (n - hits) * EVIDENCE_PER_PERSON + 0.5;
  const mean = hits / n;
  const sd = Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)));
  return { mean, lower: Math.max(mean / 10, mean - 1.645 * sd), upper: Math.min(1, mean + 1.645 * sd) };
}
