// People say whether a search was right.
import type { AuditRef } from './audit-types.ts';

export type Verdict = 'confirm' | 'reject';

export interface GivenVerdict {
  readonly keyId: string;
  readonly verdict: Verdict;
  readonly givenMs: number;
}

/** A face that a search took for a person, and what people say of it. One rejection ends it. */
export interface Review {
  readonly reviewId: string;
  /** The store's own number, rising, never used twice. */
  readonly reviewNo: number;
  readonly personId: string;
  readonly personName: string;
  readonly score: number;
  /** The record of the search that named the person. */
  readonly search: AuditRef;
  readonly state: 'open' | 'confirmed' | 'rejected';
  /** Keys that have to say yes. */
  readonly confirmationsNeeded: number;
  /** A picture of the face is kept, for as long as it is open. */
  readonly hasPhoto: boolean;
  readonly openedMs: number;
  /** One a key, oldest first. */
  readonly verdicts: readonly GivenVerdict[];
}
