// Problems in the words of RFC 9457 (application/problem+json).
import { describeProblem, KithError, type Problem } from '../../core/errors.ts';

export interface ProblemAnswer {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** One sentence, for people. */
  readonly detail: string;
  readonly retryAfterS?: number;
  /** Of what there is too much. */
  readonly limit?: string;
  /** What a face of low quality lacks, worst first. */
  readonly reasons?: readonly string[];
}

/** Undefined for what isn't Kith's own refusal. */
export function problemAnswerOf(error: unknown): ProblemAnswer | undefined {
  if (!(error instanceof KithError)) return undefined;
  const { problem } = error;
  const detail = describeProblem(problem);
  return {
    status: statusOf(problem),
    code: codeOf(problem),
    detail,
    ...retryOf(problem),
    ...limitOf(problem),
    ...reasonsOf(problem),
  };
}

function statusOf(problem: Problem): number {
  switch (problem.kind) {
    case 'not-found':
      // Named in an address it is not there; named in a request it makes that request unusable.
      return problem.byReference ? 422 : 404;
    case 'invalid-argument':
    case 'image-unreachable':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
    case 'consent-required':
      return 403;
    case 'already-exists':
    case 'conflict':
    case 'gallery-not-ready':
      return 409;
    case 'image-unusable':
    case 'model-mismatch':
      return 422;
    case 'limit-exceeded':
      return 403;
    case 'unsupported':
      return 501;
    case 'busy':
    case 'unavailable':
      return 503;
  }
}

function codeOf(problem: Problem): string {
  switch (problem.kind) {
    case 'not-found':
      return `${problem.resource}-not-found`;
    case 'image-unusable':
      return `image-${problem.fault}`;
    case 'invalid-argument':
      return `${problem.argument}-${problem.reason}`;
    default:
      return problem.kind;
  }
}

function retryOf(problem: Problem): { readonly retryAfterS?: number } {
  return problem.kind === 'busy' || problem.kind === 'unavailable' ? { retryAfterS: problem.retryAfterS } : {};
}

function limitOf(problem: Problem): { readonly limit?: string } {
  return problem.kind === 'limit-exceeded' ? { limit: problem.limit } : {};
}

function reasonsOf(problem: Problem): { readonly reasons?: readonly string[] } {
  return problem.kind === 'image-unusable' && problem.reasons ? { reasons: problem.reasons } : {};
}
