// How far two templates' level codes may lie apart, and what that says of their score.
//
// A level code keeps of each member of a rotated unit vector whether it is low, middling or high: below −t, between, above
// t, with t half the size that members have on average. Two bits, and the codes of two templates differ in as many bits as
// the members are levels apart. Members of two unit vectors of score ρ, turned at random, spread like pairs of normal
// deviates of correlation ρ, but for three things that are known and not chance: both lengths and the score itself. So the
// distance of D members is D·μ(ρ) on average and spreads by √(D·σ²(ρ)), where σ² is what is left of one member's variance
// once x², y² and xy have explained their part (the delta method for a sum given other sums). For signs alone this is
// Charikar's angle (STOC 2002); levels tell scores twice as well: at D = 512 a hundredth of the strangers that signs leave.
import { isLongList, STANDING_OUT } from '../sketch-bounds.ts';

/** In standard deviations of a member. */
export const LEVEL = 0.5;
/** Standard deviation of strangers' scores, for face models as they are. */
const STRANGERS_SPREAD = 0.1;
/** Closer to one another two vectors hardly differ at all, and their spread can't be told by what is left of it. */
const CLOSEST = 0.9995;

/** Of one member of two rotated vectors. */
interface LevelSpread {
  readonly mean: number;
  readonly variance: number;
}

/** Members further out than that are too few to tell. */
const FURTHEST = 6;
const STEP = 0.1;

/** Integrates over one vector's member x; of the other one's, y, all moments are known in closed form. */
export function levelSpread(score: number): LevelSpread {
  const rho = Math.min(CLOSEST, Math.max(-CLOSEST, score));
  const rest = Math.sqrt(1 - rho ** 2);
  const of = { d: 0, dd: 0, dxx: 0, dyy: 0, dxy: 0 };
  for (let x = -FURTHEST + STEP / 2; x < FURTHEST; x += STEP) {
    const weight = density(x) * STEP;
    const mean = rho * x;
    const all = [1, mean, mean ** 2 + rest ** 2] as const;
    const high = momentsAbove(LEVEL, mean, rest);
    const notLow = momentsAbove(-LEVEL, mean, rest);
    // ∫ d(x, y)·yⁿ over y
    const distance = (n: 0 | 1 | 2): number => {
      if (x > LEVEL) return 2 * all[n] - high[n] - notLow[n];
      if (x < -LEVEL) return high[n] + notLow[n];
      return all[n] - notLow[n] + high[n];
    };
    const d = [distance(0), distance(1), distance(2)] as const;
    const twoApart = x > LEVEL ? 1 - notLow[0] : x < -LEVEL ? high[0] : 0;
    of.d += weight * d[0];
    of.dd += weight * (d[0] + 2 * twoApart);
    of.dxx += weight * d[0] * x ** 2;
    of.dyy += weight * d[2];
    of.dxy += weight * d[1] * x;
  }
  // Regression on s = x² + y² and p = xy
  const withS = of.dxx + of.dyy - 2 * of.d;
  const withP = of.dxy - rho * of.d;
  const [ss, pp, sp] = [4 + 4 * rho ** 2, 1 + rho ** 2, 4 * rho];
  const explained = (withS ** 2 * pp - 2 * withS * withP * sp + withP ** 2 * ss) / (ss * pp - sp ** 2);
  return { mean: of.d, variance: Math.max(0, of.dd - of.d ** 2 - explained) };
}

/** ∫ yⁿ over y > from for n = 0, 1, 2, with y spread normally. */
function momentsAbove(from: number, mean: number, deviation: number): readonly [number, number, number] {
  const a = (from - mean) / deviation;
  const share = 1 - normal(a);
  const edge = deviation * density(a);
  return [share, mean * share + edge, (mean ** 2 + deviation ** 2) * share + (from + mean) * edge];
}

function density(x: number): number {
  return Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);
}

/** Normal distribution to 1e-7 (Abramowitz & Stegun 7.1.26). */
function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = (series * Math.exp(-(z ** 2))) / 2;
  return x > 0 ? 1 - half : half;
}

/** Standard error of a score as the level codes of `dims` members tell it, when it is truly `score`. */
export function levelError(score: number, dims: number): number {
  const step = 0.01;
  const rho = Math.min(1 - step, Math.max(-1 + step, score));
  const slope = (levelSpread(rho + step).mean - levelSpread(rho - step).mean) / (2 * step);
  return Math.sqrt(levelSpread(rho).variance / dims) / Math.abs(slope);
}

/** Furthest that the code of a row of true score `score` or better lies away, with `margin` standard errors to spare. */
export function levelReach(score: number, margin: number, dims: number): number {
  const { mean, variance } = levelSpread(score);
  return Math.min(2 * dims, Math.ceil(dims * mean + margin * Math.sqrt(dims * variance)));
}

/** Share of a gallery's strangers whose codes lie at most so far away, roughly. */
export function shareWithin(distance: number, dims: number): number {
  return strangersWithin(dims)(distance);
}

/** The reach that takes in about this share of a gallery's strangers. */
export function reachOfShare(share: number, dims: number): number {
  const within = strangersWithin(dims);
  let [low, high] = [0, 2 * dims];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (within(middle) < share) low = middle + 1;
    else high = middle;
  }
  return low;
}

const known = new Map<number, (distance: number) => number>();

function strangersWithin(dims: number): (distance: number) => number {
  const within = known.get(dims) ?? spreadOfStrangers(dims);
  known.set(dims, within);
  return within;
}

function spreadOfStrangers(dims: number): (distance: number) => number {
  const { mean, variance } = levelSpread(0);
  const perScore = (levelSpread(STRANGERS_SPREAD).mean - levelSpread(-STRANGERS_SPREAD).mean) / (2 * STRANGERS_SPREAD);
  const deviation = Math.hypot(Math.sqrt(dims * variance), dims * perScore * STRANGERS_SPREAD);
  return (distance) => normal((distance - dims * mean) / deviation);
}

/** Whether a best person of `score` is one whom a search with this last person on its list must not miss. */
export function standsOut(
  score: number,
  list: { readonly maxPersons: number; readonly lastScore: number | undefined; readonly dims: number },
): boolean {
  const { maxPersons, lastScore, dims } = list;
  if (!isLongList(maxPersons) || lastScore === undefined) return true;
  return score >= lastScore + STANDING_OUT * levelError(lastScore, dims);
}
