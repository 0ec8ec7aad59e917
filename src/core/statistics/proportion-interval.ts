// How sure a share is that was counted: errors among independent trials.

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Where nothing was seen in `trials`, the rate is below 3 / trials with 95 % confidence (Hanley & Lippman-Hand, JAMA
 * 1983). At most 1.
 */
export function ruleOfThree(trials: number): number {
  return Math.min(1, 3 / trials);
}

/**
 * Clopper and Pearson's interval (Biometrika 1934) for `errors` among independent `trials`: it never promises more
 * certainty than `confidence`. Without trials it is [0, 1].
 */
export function proportionInterval(errors: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  return {
    lower: errors === 0 ? 0 : solve((rate) => atLeast(errors, trials, rate), tail),
    upper: errors >= trials ? 1 : solve((rate) => atLeast(errors + 1, trials, rate), 1 - tail),
  };
}

/** The rate at which a rising function reaches `wanted`. */
function solve(probability: (rate: number) => number, wanted: number): number {
  let low = 0;
  let high = 1;
  // 60 halvings: to the last digits of a double
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (probability(middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability of `count` or more among `trials`: the incomplete beta function I(rate; count, trials − count + 1). */
function atLeast(count: number, trials: number, rate: number): number {
  return incompleteBeta(rate, count, trials - count + 1);
}

/** Regularised, by the continued fraction of Abramowitz & Stegun 26.5.8, evaluated after Lentz (Applied Optics 1976). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it, the other side is taken
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a),
  );
  const tiny = 1e-300;
  const orTiny = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / orTiny(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / orTiny(1 + even * d);
    c = orTiny(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / orTiny(1 + odd * d);
    c = orTiny(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-14) break;
  }
  return front * fraction;
}

/** Stirling's series after lifting the argument above 10: twelve digits. */
function logGamma(z: number): number {
  let lift = 0;
  let x = z;
  while (x < 10) lift += Math.log(x++);
  const inverse = 1 / x;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - lift;
}
