import type { Database } from 'better-sqlite3';
import type { GivenVerdict, Review, Verdict } from '../../core/review-types.ts';
import type { SealedPhoto } from '../../core/storage/enrolments.ts';
import type { NewReview } from '../../core/storage/reviews.ts';
import type { GalleryRef } from '../../core/types.ts';
import {
  missing,
  type NewReviewColumns,
  newReviewColumns,
  REVIEWS,
  type ReviewRow,
  requireSaid,
  stateOf,
  toReview,
} from '../rows/reviews.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

export type Reviews = Pick<
  SyncStore,
  | 'openReview'
  | 'addVerdict'
  | 'getReview'
  | 'listOpenReviews'
  | 'listReviewsOfPerson'
  | 'findReviewPhoto'
  | 'sweepReviews'
>;

export function reviews(
  db: Database,
  { galleries, persons }: { readonly galleries: Galleries; readonly persons: Persons },
): Reviews {
  const insert = db.prepare<[NewReviewColumns]>(
    `INSERT INTO reviews (review_id, gallery_no, person_no, face_key, score, search_chain, search_seq, needed,
                          sealed_photo, opened_ms)
     VALUES (@reviewId, @galleryNo, @personNo, @faceKey, @score, @chain, @seq, @confirmationsNeeded, @sealedPhoto,
             @openedMs)`,
  );
  const findOpen = db
    .prepare<[number, string], number>(
      "SELECT review_no FROM reviews WHERE person_no = ? AND face_key = ? AND state = 'open'",
    )
    .pluck();
  const findByNo = db.prepare<[number], ReviewRow>(`${REVIEWS} WHERE r.review_no = ?`);
  const find = db.prepare<[number, string], ReviewRow>(`${REVIEWS} WHERE r.gallery_no = ? AND r.review_id = ?`);
  const listOpen = db.prepare<[number, number, number], ReviewRow>(
    `${REVIEWS} WHERE r.gallery_no = ? AND r.state = 'open' AND r.review_no > ? ORDER BY r.review_no LIMIT ?`,
  );
  const listOfPerson = db.prepare<[number], ReviewRow>(`${REVIEWS} WHERE r.person_no = ? ORDER BY r.review_no`);
  const verdictsOf = db.prepare<[number], GivenVerdict>(
    `SELECT key_id AS "keyId", verdict, given_ms AS "givenMs" FROM review_verdicts
     WHERE review_no = ? ORDER BY given_ms, key_id`,
  );
  const putVerdict = db.prepare<[number, string, Verdict, number]>(
    `INSERT INTO review_verdicts (review_no, key_id, verdict, given_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (review_no, key_id) DO UPDATE SET verdict = excluded.verdict, given_ms = excluded.given_ms
       WHERE review_verdicts.verdict <> excluded.verdict`,
  );
  const end = db.prepare<[Review['state'], number]>(
    'UPDATE reviews SET state = ?, sealed_photo = NULL WHERE review_no = ?',
  );
  const findPhoto = db.prepare<[number], SealedPhoto>(
    `SELECT p.wrapped_key AS "wrappedKey", r.sealed_photo AS "sealedPhoto"
     FROM reviews r JOIN persons p USING (person_no) WHERE r.review_no = ? AND r.sealed_photo IS NOT NULL`,
  );
  const sweep = db.prepare<[number]>('DELETE FROM reviews WHERE opened_ms < ?');

  const withVerdicts = (row: ReviewRow): Review => toReview(row, verdictsOf.all(row.reviewNo));

  function getReview(ref: GalleryRef, reviewId: string): Review {
    return withVerdicts(find.get(galleries.getHead(ref).galleryNo, reviewId) ?? missing(ref, reviewId));
  }

  /** not-found of whoever was suspended meanwhile. Inside a transaction: of two at once one is the second. */
  function give(ref: GalleryRef, reviewNo: number, { keyId, verdict, givenMs }: GivenVerdict): Review {
    putVerdict.run(reviewNo, keyId, verdict, givenMs);
    const review = withVerdicts(findByNo.get(reviewNo) ?? missing(ref, String(reviewNo)));
    const state = stateOf(review.verdicts, review.confirmationsNeeded);
    if (state === 'open') return review;
    end.run(state, reviewNo);
    return { ...review, state, hasPhoto: false };
  }

  return {
    openReview: db.transaction((ref: GalleryRef, review: NewReview) => {
      const { galleryNo, personNo } = persons.getPersonNo(ref, review.personId);
      const open = findOpen.get(personNo, review.faceKey);
      const columns = newReviewColumns(review, { galleryNo, personNo });
      return give(ref, open ?? Number(insert.run(columns).lastInsertRowid), review.verdict);
    }).immediate,
    addVerdict: db.transaction((ref: GalleryRef, reviewId: string, verdict: GivenVerdict) => {
      const review = getReview(ref, reviewId);
      if (review.state === 'open') return give(ref, review.reviewNo, verdict);
      requireSaid(review, verdict);
      return review;
    }).immediate,
    getReview,
    listOpenReviews: (ref, { afterReviewNo = 0, limit }) =>
      listOpen.all(galleries.getHead(ref).galleryNo, afterReviewNo, limit).map(withVerdicts),
    listReviewsOfPerson: (ref, personId) =>
      listOfPerson.all(persons.getPersonNo(ref, personId).personNo).map(withVerdicts),
    findReviewPhoto: (ref, reviewId) => findPhoto.get(getReview(ref, reviewId).reviewNo),
    sweepReviews: (beforeMs) => sweep.run(beforeMs).changes,
  };
}
