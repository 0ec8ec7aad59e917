// How many signs two templates may differ in, and what that says of their score.
//
// Two unit vectors at an angle θ, turned at random, differ in each sign with probability θ/π (Goemans & Williamson,
// J. ACM 42(6), 1995; Charikar, STOC 2002). So of D signs D·θ/π differ on average, spread by √(D·p·(1−p)): at D = 512 and
// a score near 0 that is 256 ± 11.3, worth ± .07 of score. PostgreSQL can only compare signs with signs; the in-memory
// index compares them with the whole query and knows twice as much (../sketch-bounds.ts).

/** Standard deviation of strangers' scores, for face models as they are. */
const STRANGERS_SPREAD = 0.1;
/** From so many persons on, the last of the best is one of many strangers, not a mate. */
const LONG_LIST = 5;
/** Standard errors that a mate stands out from the strangers at the end of such a list. */
const STANDING_OUT = 2;

function differingShare(score: number): number {
  return Math.acos(Math.min(1, Math.max(-1, score))) / Math.PI;
}

/** Standard error of a score as `dims` signs tell it, when it is truly `score`. */
export function signError(score: number, dims: number): number {
  const p = differingShare(score);
  return Math.PI * Math.sqrt(((1 - score ** 2) * p * (1 - p)) / dims);
}

/** Most signs that a row of true score `score` or better differs in, with `margin` standard errors to spare. */
export function signReach(score: number, margin: number, dims: number): number {
  const p = differingShare(score);
  return Math.min(dims, Math.ceil(dims * p + margin * Math.sqrt(dims * p * (1 - p))));
}

/** Share of a gallery's strangers that differ in at most so many signs, roughly. */
export function shareWithin(distance: number, dims: number): number {
  const z = (distance - dims / 2) / Math.hypot(Math.sqrt(dims) / 2, (dims * STRANGERS_SPREAD) / Math.PI);
  // Logistic approximation of the normal distribution (Bowling et al., J. Ind. Eng. Manag. 2(1), 2009)
  return 1 / (1 + Math.exp(-(1.5976 * z + 0.07056 * z ** 3)));
}

export function isLongList(maxPersons: number): boolean {
  return maxPersons >= LONG_LIST;
}

/** Standard errors to spare below `bar`; why fewer for the end of a long list, says sketchMargin in ../sketch-bounds.ts. */
export function signMargin(
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
  return score >= lastScore + STANDING_OUT * signError(lastScore, dims);
}
