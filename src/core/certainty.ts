// How sure an answer is, in three steps that a person can act on. Confidence alone does not say it: with a million
// people in the gallery a stranger reaches scores that mean "the same person" among ten.
import { fpirAt, type TailCurve } from './impostor-tail.ts';

/** `not-sure` asks for a look by a person. */
export type Certainty = 'very-likely' | 'likely' | 'not-sure';

const STEPS: readonly {
  readonly certainty: Certainty;
  readonly minConfidence: number;
  readonly maxStrangerRate: number;
}[] = [
  { certainty: 'very-likely', minConfidence: 0.99, maxStrangerRate: 1 / 1000 },
  { certainty: 'likely', minConfidence: 0.9, maxStrangerRate: 1 / 100 },
];

/** For a candidate at or above the threshold; `persons` is how many were searched, 1 for a 1:1 comparison. */
export function certaintyOf(
  candidate: { readonly score: number; readonly confidence: number },
  search: { readonly persons: number; readonly tail: TailCurve },
): Certainty {
  const persons = Math.max(1, search.persons);
  // The pessimistic end of what is known: a rate measured elsewhere must not make an answer look surer here
  const strangerRate = fpirAt(search.tail, candidate.score, { persons, bound: 'upper' });
  const reached = STEPS.find(
    (step) => candidate.confidence >= step.minConfidence && strangerRate <= step.maxStrangerRate,
  );
  return reached?.certainty ?? 'not-sure';
}
