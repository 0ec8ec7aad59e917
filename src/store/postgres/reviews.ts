import type { GivenVerdict, Review, Verdict } from '../../core/review-types.ts';
import type { SealedPhoto } from '../../core/storage/enrolments.ts';
import type { NewReview } from '../../core/storage/reviews.ts';
import type { Store } from '../../core/storage/store.ts';
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
import type { Connection } from './connection.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export type Reviews = Pick<
  Store,
  | 'openReview'
  | 'addVerdict'
  | 'getReview'
  | 'listOpenReviews'
  | 'listReviewsOfPerson'
  | 'findReviewPhoto'
  | 'sweepReviews'
>;

export function reviews(
  db: Connection,
  { galleries, persons }: { readonly galleries: Galleries; readonly persons: Persons },
): Reviews {
  const insert = db
    .prepare<[NewReviewColumns], number>(
      `INSERT INTO reviews (review_id, gallery_no, person_no, face_key, score, search_chain, search_seq, needed,
                          sealed_photo, opened_ms)
     VALUES (@reviewId, @galleryNo, @personNo, @faceKey, @score, @chain, @seq, @confirmationsNeeded, @sealedPhoto,
             @openedMs) RETURNING review_no`,
    )
    .pluck();
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

  const withVerdicts = async (row: ReviewRow): Promise<Review> => toReview(row, await verdictsOf.all(row.reviewNo));

  /** One after the other: a connection answers one statement at a time. */
  async function allWithVerdicts(rows: readonly ReviewRow[]): Promise<Review[]> {
    const found: Review[] = [];
    for (const row of rows) found.push(await withVerdicts(row));
    return found;
  }

  async function getReview(ref: GalleryRef, reviewId: string): Promise<Review> {
    const { galleryNo } = await galleries.getHead(ref);
    return withVerdicts((await find.get(galleryNo, reviewId)) ?? missing(ref, reviewId));
  }

  /** not-found of whoever was suspended meanwhile. Writers go one after another: of two at once one is the second. */
  async function give(ref: GalleryRef, reviewNo: number, { keyId, verdict, givenMs }: GivenVerdict): Promise<Review> {
    await putVerdict.run(reviewNo, keyId, verdict, givenMs);
    const review = await withVerdicts((await findByNo.get(reviewNo)) ?? missing(ref, String(reviewNo)));
    const state = stateOf(review.verdicts, review.confirmationsNeeded);
    if (state === 'open') return review;
    await end.run(state, reviewNo);
    return { ...review, state, hasPhoto: false };
  }

  return {
    openReview: async (ref: GalleryRef, review: NewReview) => {
      const { galleryNo, personNo } = await persons.getPersonNo(ref, review.personId);
      const open = await findOpen.get(personNo, review.faceKey);
      const reviewNo = open ?? (await insert.get(newReviewColumns(review, { galleryNo, personNo })));
      return give(ref, reviewNo as number, review.verdict);
    },
    addVerdict: async (ref: GalleryRef, reviewId: string, verdict: GivenVerdict) => {
      const review = await getReview(ref, reviewId);
      if (review.state === 'open') return give(ref, review.reviewNo, verdict);
      requireSaid(review, verdict);
      return review;
    },
    getReview,
    async listOpenReviews(ref, { afterReviewNo = 0, limit }) {
      const { galleryNo } = await galleries.getHead(ref);
      return allWithVerdicts(await listOpen.all(galleryNo, afterReviewNo, limit));
    },
    async listReviewsOfPerson(ref, personId) {
      const { personNo } = await persons.getPersonNo(ref, personId);
      return allWithVerdicts(await listOfPerson.all(personNo));
    },
    findReviewPhoto: async (ref, reviewId) => findPhoto.get((await getReview(ref, reviewId)).reviewNo),
    sweepReviews: async (beforeMs) => (await sweep.run(beforeMs)).changes,
  };
}
