import type { GalleryRef } from '../types.ts';

/** Two who look like one person enrolled twice, and of whom somebody said that they are two people. */
export interface DismissedPair {
  /** Rising in the order of their dismissal. */
  readonly pairNo: number;
  /** In the order of their enrolment. */
  readonly persons: readonly [DismissedPerson, DismissedPerson];
  readonly keyId: string;
  readonly dismissedMs: number;
}

export interface DismissedPerson {
  readonly personId: string;
  readonly personName: string;
  /** The first there is of them. */
  readonly enrolmentId?: string;
}

export type PairOfPersons = readonly [string, string];

export interface Dismissal {
  readonly personIds: PairOfPersons;
  /** Who said it. */
  readonly keyId: string;
  readonly dismissedMs: number;
}

/**
 * A dismissed pair goes with either person. Pairs of whoever is suspended or was merged into another are not to be found
 * until that is undone; whom somebody was merged into is apart from those that they were apart from.
 */
export interface DismissedPairStore {
  /**
   * Keeps the first dismissal of a pair, whichever of the two is named first. limit-exceeded when the gallery has
   * `maxPairs` already.
   */
  dismissPair(ref: GalleryRef, dismissal: Dismissal, maxPairs: number): Promise<void>;
  /** Forgets a dismissal; changes nothing where there is none. */
  restorePair(ref: GalleryRef, personIds: PairOfPersons): Promise<void>;
  /** Latest first, from before `beforePairNo`. */
  listDismissedPairs(
    ref: GalleryRef,
    page: { readonly beforePairNo?: number; readonly limit: number },
  ): Promise<readonly DismissedPair[]>;
  countDismissedPairs(ref: GalleryRef): Promise<number>;
  /** Numbers of the persons of all pairs, two by two. */
  dismissedPersonNos(ref: GalleryRef): Promise<Uint32Array>;
  /** Without whom else they are about; oldest first. */
  listDismissalsOfPerson(ref: GalleryRef, personId: string): Promise<readonly Omit<Dismissal, 'personIds'>[]>;
}
