import type { ComparisonScores } from '../statistics/error-trade-off.ts';
import { fitGeneralisedPareto, paretoExcess } from '../statistics/generalised-pareto.ts';
import type { Calibration } from '../types.ts';

/** Rates of the tail that a pack ships, as far as they are measured … */
const RATES = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8];
/** … which takes this many impostors above the score; beyond, the law fitted to the highest stands in. */
const MEASURED_FROM = 20;
const TAIL_IMPOSTORS = 500;
/** Confidence 0.5 lies where one stranger in so many passes a single comparison. */
const MIDPOINT_RATE = 1e-4;
const MIN_IMPOSTORS = 10_000;
const MIN_GENUINE = 100;

/** Too few pairs for a calibration that deserves the name. */
export class TooFewPairsError extends Error {}

/**
 * How a pack's scores are to be read, from labelled pairs. The tail is what was counted, extended beyond the counts by
 * a generalised Pareto law over the highest scores; the slope is that of a logistic regression through the midpoint,
 * with both kinds of pairs weighing the same.
 */
export function calibratePack(scores: ComparisonScores, photographs: string): Calibration {
  const { genuine, impostor } = scores;
  if (impostor.length < MIN_IMPOSTORS || genuine.length < MIN_GENUINE) {
    throw new TooFewPairsError(
      `There are ${genuine.length} pairs of one person and ${impostor.length} of two; at least ${MIN_GENUINE} and ${MIN_IMPOSTORS} are needed: some 150 people, many with two photos or more.`,
    );
  }
  const beyond = extensionOf(impostor);
  const scoreAt = (rate: number): number =>
    rate * impostor.length >= MEASURED_FROM
      ? (impostor[impostor.length - Math.round(rate * impostor.length)] as number)
      : beyond(rate);
  const impostorTail: { score: number; falseMatchRate: number }[] = [];
  for (const falseMatchRate of RATES) {
    const score = scoreAt(falseMatchRate);
    // A bounded tail may end before the last rates do
    if (score < 1 && score > (impostorTail.at(-1)?.score ?? -1)) impostorTail.push({ score, falseMatchRate });
  }
  const midpointScore = scoreAt(MIDPOINT_RATE);
  const measuredTo = RATES.filter((rate) => rate * impostor.length >= MEASURED_FROM).at(-1);
  return {
    midpointScore,
    slope: fitSlope(scores, midpointScore),
    impostorTail,
    measuredOn: `${photographs}: ${impostor.length.toLocaleString('en')} impostor and ${genuine.length.toLocaleString('en')} genuine comparisons; rates below ${measuredTo} extended by a generalised Pareto law over the ${TAIL_IMPOSTORS} highest scores`,
  };
}

/** Score that a share of impostors exceeds, beyond what was counted. */
function extensionOf(impostor: Float32Array): (rate: number) => number {
  const count = Math.min(TAIL_IMPOSTORS, Math.floor(impostor.length / 20));
  const threshold = impostor[impostor.length - count - 1] as number;
  const law = fitGeneralisedPareto(impostor.subarray(impostor.length - count).map((score) => score - threshold));
  return (rate) => threshold + paretoExcess(law, Math.min(1, (rate * impostor.length) / count));
}

/** Steepness of the logistic curve through (midpoint, 0.5) that makes the labels likeliest, by bisection. */
function fitSlope({ genuine, impostor }: ComparisonScores, midpointScore: number): number {
  // Impostors far below weigh nothing in the sum and everything in its cost
  const thinned = impostor.filter((_, i) => i % Math.max(1, Math.floor(impostor.length / 100_000)) === 0);
  const gradient = (slope: number): number => {
    const mean = (values: Float32Array, label: number): number =>
      values.reduce((sum, score) => {
        const distance = score - midpointScore;
        return sum + distance * (label - 1 / (1 + Math.exp(-slope * distance)));
      }, 0) / values.length;
    return mean(genuine, 1) + mean(thinned, 0);
  };
  let low = 1;
  let high = 500;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (gradient(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
