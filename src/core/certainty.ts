// How sure an answer is, in three steps that a person can act on. Confidence alone does not say it: with a million
// people in the gallery a stranger reaches scores that mean "the same person" among ten.
import { confidenceOf, strangerChance } from './score.ts';
import type { Calibration } from './types.ts';

/** `not-sure` asks for a look by a person. */
export type Certainty = 'very-likely' | 'likely' | 'not-sure';

const STEPS: readonly {
  readonly certainty: Certainty;
  readonly minConfidence: number;
  readonly maxStrangerChance: number;
}[] = [
  { certainty: 'very-likely', minConfidence: 0.99, maxStrangerChance: 1 / 1000 },
  { certainty: 'likely', minConfidence: 0.9, maxStrangerChance: 1 / 100 },
];

/** For a candidate at or above the threshold; `enrolments` is the number of templates it was found among (1 for 1:1). */
export function certaintyOf(score: number, enrolments: number, calibration: Calibration): Certainty {
  const confidence = confidenceOf(score, calibration);
  const chance = strangerChance(score, Math.max(1, enrolments), calibration);
  const reached = STEPS.find((step) => confidence >= step.minConfidence && chance <= step.maxStrangerChance);
  return reached?.certainty ?? 'not-sure';
}
