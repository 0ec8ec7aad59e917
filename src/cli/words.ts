// Numbers said so that nobody has to know what they mean.
import type { Outcome } from '../core/decide.ts';
import type { Box, Candidate, QualityReason } from '../core/types.ts';

/** Without the enrolment it was found by, which a service doesn't tell. */
export type NamedCandidate = Omit<Candidate, 'enrolmentId'>;

export interface FaceAnswer {
  readonly outcome: Outcome;
  /** Best first. */
  readonly candidates: readonly NamedCandidate[];
}

/** Matches are "very likely" from here on; below, "likely". */
const VERY_LIKELY = { minConfidence: 0.99, maxStrangerRate: 1 / 1000 };

/** How sure the answer for a face is; a `review` is for a person to look at. */
export function howSure({ outcome, candidates }: FaceAnswer): string {
  const [best] = candidates;
  if (outcome === 'unknown' || !best) return 'unknown';
  if (outcome === 'review') return 'not sure';
  const isVery = best.confidence >= VERY_LIKELY.minConfidence && best.strangerRate <= VERY_LIKELY.maxStrangerRate;
  return isVery ? 'very likely' : 'likely';
}

/** Whoever it is, with a question mark where a person should look. */
export function nameIn({ outcome, candidates }: FaceAnswer): string | undefined {
  const [best] = candidates;
  if (outcome === 'unknown' || !best) return undefined;
  return outcome === 'review' ? `${best.personName}?` : best.personName;
}

/** 0..1 → "0.97". In no per cent: it is a place on a scale, with the threshold at 0.5, and no probability. */
export function confidenceInWords(confidence: number): string {
  if (confidence > 0.99) return '> 0.99';
  return confidence < 0.01 ? '< 0.01' : confidence.toFixed(2);
}

/** Below this a rate is extrapolated far beyond what was measured, and only said to be small. */
const LEAST_RATE = 1e-6;

/** 0..1 → "1 in 12,000", to two digits. */
export function oneIn(share: number): string {
  if (share >= 0.5) return 'more than 1 in 2';
  if (share < LEAST_RATE) return 'fewer than 1 in 1,000,000';
  return `1 in ${Number((1 / share).toPrecision(2)).toLocaleString('en')}`;
}

/** The same for a narrow column: "1 in 12K". */
export function oneInShort(share: number): string {
  if (share >= 0.5) return '> 1 in 2';
  if (share < LEAST_RATE) return '< 1 in 1M';
  return `1 in ${(1 / share).toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 2 })}`;
}

export function where({ leftPx, topPx, widthPx, heightPx }: Box): string {
  return `${Math.round(leftPx)}, ${Math.round(topPx)}, ${Math.round(widthPx)} × ${Math.round(heightPx)}`;
}

export const QUALITY_IN_WORDS: Readonly<Record<QualityReason, string>> = {
  'too-small': 'too small',
  blurred: 'blurred',
  'too-dark': 'too dark',
  'too-bright': 'too bright',
  'turned-away': 'turned away',
  'eyes-covered': 'eyes covered',
  'mouth-covered': 'mouth covered',
  indistinct: 'indistinct',
};

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}
