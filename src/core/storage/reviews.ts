import type { AuditRef } from '../audit-types.ts';
import type { GivenVerdict, Review } from '../review-types.ts';
import type { GalleryRef } from '../types.ts';
import type { SealedPhoto } from './enrolments.ts';

export interface NewReview {
  readonly reviewId: string;
  readonly personId: string;
  /** Names the face that was looked at, so that who looks at the same photo gives a verdict on the same review. */
  readonly faceKey: string;
  readonly score: number;
  readonly search: AuditRef;
  readonly confirmationsNeeded: number;
  /** Under the person's key, so that it goes with the person. Kept only while the review is open. */
  readonly sealedPhoto?: Uint8Array;
  readonly openedMs: number;
  readonly verdict: GivenVerdict;
}

/**
 * A review is open until as many keys as it needs confirmed it, or one rejected it; then its picture is erased. Reviews of
 * whoever is suspended or was merged into another are not to be found; those of whoever is erased are erased.
 */
export interface ReviewStore {
  /** Or gives the verdict to the one that is open already for the same face and person. */
  openReview(ref: GalleryRef, review: NewReview): Promise<Review>;
  /**
   * A key's latest verdict counts, once however often it is given; what a key has said already changes nothing. conflict
   * when the review has ended and the key said something else, or nothing.
   */
  addVerdict(ref: GalleryRef, reviewId: string, verdict: GivenVerdict): Promise<Review>;
  getReview(ref: GalleryRef, reviewId: string): Promise<Review>;
  /** Open ones, oldest first. */
  listOpenReviews(
    ref: GalleryRef,
    page: { readonly afterReviewNo?: number; readonly limit: number },
  ): Promise<readonly Review[]>;
  /** Open or ended, oldest first. */
  listReviewsOfPerson(ref: GalleryRef, personId: string): Promise<readonly Review[]>;
  /** not-found for the review; undefined where no picture is kept. */
  findReviewPhoto(ref: GalleryRef, reviewId: string): Promise<SealedPhoto | undefined>;
  /** Erases those opened before; answers how many. */
  sweepReviews(beforeMs: number): Promise<number>;
}
