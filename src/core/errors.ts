import type { GalleryKind, QualityReason } from './types.ts';

export type Resource =
  | 'gallery'
  | 'roster'
  | 'person'
  | 'enrolment'
  | 'photo'
  | 'consent'
  | 'merge'
  | 'review'
  | 'probe'
  | 'operation'
  | 'session'
  | 'snapshot'
  | 'erasure'
  | 'key';

export type ImageFault =
  | 'undecodable'
  | 'too-few-bytes'
  | 'too-many-bytes'
  | 'too-many-pixels'
  | 'no-face'
  | 'several-faces'
  | 'low-quality';

export type ArgumentFault = 'missing' | 'empty' | 'too-long' | 'malformed' | 'out-of-range' | 'unknown';

/** Everything Kith can refuse, without a word of HTTP. Each door turns it into its own answer. */
export type Problem =
  | {
      readonly kind: 'not-found';
      readonly resource: Resource;
      readonly id: string;
      readonly galleryKind?: GalleryKind;
      /** True when the id stood in a body beside other things, not in the address of the thing itself. */
      readonly byReference?: boolean;
    }
  | {
      readonly kind: 'already-exists';
      readonly resource: Resource;
      readonly id: string;
      readonly galleryKind?: GalleryKind;
    }
  | {
      readonly kind: 'invalid-argument';
      readonly argument: string;
      readonly reason: ArgumentFault;
      readonly message: string;
    }
  | { readonly kind: 'limit-exceeded'; readonly limit: string; readonly max: number; readonly message: string }
  | {
      readonly kind: 'image-unusable';
      readonly fault: ImageFault;
      readonly message: string;
      /** Of low quality: worst first. */
      readonly reasons?: readonly QualityReason[];
    }
  | { readonly kind: 'image-unreachable'; readonly message: string }
  | { readonly kind: 'model-mismatch'; readonly message: string }
  | {
      readonly kind: 'gallery-not-ready';
      readonly galleryKind: GalleryKind;
      readonly byReference: boolean;
      readonly message: string;
    }
  | { readonly kind: 'conflict'; readonly resource: Resource; readonly message: string }
  | { readonly kind: 'consent-required'; readonly message: string }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'forbidden'; readonly message: string }
  | { readonly kind: 'unsupported'; readonly feature: string; readonly message: string }
  | { readonly kind: 'busy'; readonly retryAfterS: number }
  /** A part Kith can't do without is out of order for now: a full disk, say. */
  | {
      readonly kind: 'unavailable';
      readonly part: 'audit' | 'store' | 'machine';
      readonly retryAfterS: number;
      readonly message: string;
    };

export type ProblemKind = Problem['kind'];
export type ProblemOf<K extends ProblemKind> = Extract<Problem, { kind: K }>;

/** The one error core and its adapters throw on purpose; anything else is a bug or an outage. */
export class KithError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(describeProblem(problem), options);
    this.name = 'KithError';
    this.problem = problem;
  }
}

/** One sentence for a person at a terminal; a door has its own words. */
export function describeProblem(problem: Problem): string {
  switch (problem.kind) {
    case 'not-found':
      return `There is no ${problem.resource} "${problem.id}".`;
    case 'already-exists':
      return `A ${problem.resource} "${problem.id}" already exists.`;
    case 'unauthenticated':
      return 'The key is missing or not known.';
    case 'busy':
      return `Too much at once; try again in ${problem.retryAfterS} s.`;
    case 'invalid-argument':
    case 'limit-exceeded':
    case 'image-unusable':
    case 'image-unreachable':
    case 'model-mismatch':
    case 'gallery-not-ready':
    case 'conflict':
    case 'consent-required':
    case 'forbidden':
    case 'unsupported':
    case 'unavailable':
      return problem.message;
  }
}
