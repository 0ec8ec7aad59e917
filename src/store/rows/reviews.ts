import type { AuditRef } from '../../core/audit-types.ts';
import { KithError } from '../../core/errors.ts';
import type { GivenVerdict, Review } from '../../core/review-types.ts';
import type { NewReview } from '../../core/storage/reviews.ts';
import type { GalleryRef } from '../../core/types.ts';

export interface ReviewRow extends Omit<Review, 'search' | 'hasPhoto' | 'verdicts'> {
  readonly chain: string;
  readonly seq: number;
  readonly hasPhoto: number;
}

export interface NewReviewColumns
  extends AuditRef,
    Pick<NewReview, 'reviewId' | 'faceKey' | 'score' | 'confirmationsNeeded' | 'openedMs'> {
  readonly galleryNo: number;
  readonly personNo: number;
  readonly sealedPhoto: Uint8Array | null;
}

// Of whom a search can still name
export const REVIEWS = `SELECT r.review_id AS "reviewId", r.review_no AS "reviewNo", p.person_id AS "personId",
    p.name AS "personName", r.score, r.search_chain AS chain, r.search_seq AS seq, r.state,
    r.needed AS "confirmationsNeeded", CASE WHEN r.sealed_photo IS NULL THEN 0 ELSE 1 END AS "hasPhoto",
    r.opened_ms AS "openedMs"
  FROM reviews r JOIN persons p ON p.person_no = r.person_no AND p.merged_into IS NULL AND p.suspended = 0`;

export function newReviewColumns(
  review: NewReview,
  place: Pick<NewReviewColumns, 'galleryNo' | 'personNo'>,
): NewReviewColumns {
  const { reviewId, faceKey, score, confirmationsNeeded, openedMs, search, sealedPhoto = null } = review;
  const { chain, seq } = search;
  return { ...place, reviewId, faceKey, score, confirmationsNeeded, openedMs, chain, seq, sealedPhoto };
}

export function toReview({ chain, seq, hasPhoto, ...row }: ReviewRow, verdicts: readonly GivenVerdict[]): Review {
  return { ...row, search: { chain, seq }, hasPhoto: hasPhoto === 1, verdicts };
}

/** What the verdicts come to: one rejection ends it, as do enough confirmations. */
export function stateOf(verdicts: readonly GivenVerdict[], confirmationsNeeded: number): Review['state'] {
  if (verdicts.some(({ verdict }) => verdict === 'reject')) return 'rejected';
  return verdicts.length >= confirmationsNeeded ? 'confirmed' : 'open';
}

/** Of a review that has ended: a key may say again what it has said, and nothing else. */
export function requireSaid({ state, verdicts }: Review, { keyId, verdict }: GivenVerdict): void {
  if (verdicts.some((said) => said.keyId === keyId && said.verdict === verdict)) return;
  const message = `This was ${state} already; nobody can change it any more.`;
  throw new KithError({ kind: 'conflict', resource: 'review', message });
}

export function missing(ref: GalleryRef, reviewId: string): never {
  throw new KithError({ kind: 'not-found', resource: 'review', id: reviewId, galleryKind: ref.kind });
}
