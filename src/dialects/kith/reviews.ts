import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { MAX_ID_LENGTH, MAX_PAGE } from '../../core/limits.ts';
import { addVerdict, getReviewPhoto, listOpenReviews, openReview } from '../../core/operations/review-answers.ts';
import type { Deps } from '../../core/ports.ts';
import type { Review as CoreReview } from '../../core/review-types.ts';
import { DEFAULT_PAGE, galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { BoxText, GalleryParams, parseBox, wireTime } from './wire.ts';

const Time = Type.String({ format: 'date-time' });
const Verdict = Type.Enum(['confirm', 'reject']);
const ReviewParams = Type.Object({
  galleryId: Type.String({ maxLength: MAX_ID_LENGTH }),
  reviewId: Type.String({ maxLength: MAX_ID_LENGTH }),
});
const NewReviewQuery = Type.Object({
  person: Type.String({ maxLength: MAX_ID_LENGTH, description: 'Whom the search named.' }),
  box: Type.Optional(BoxText),
  verdict: Verdict,
});
const OpenQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '`next` of the page before.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});
const Review = Type.Object({
  reviewId: Type.String(),
  personId: Type.String(),
  name: Type.String(),
  score: Type.Number(),
  state: Type.Enum(['open', 'confirmed', 'rejected'], {
    description: 'confirmed once as many keys as needed said so; rejected by any one.',
  }),
  confirmationsNeeded: Type.Integer(),
  hasPhoto: Type.Boolean({ description: 'The face that was searched with, for as long as the review is open.' }),
  openedAt: Time,
  verdicts: Type.Array(Type.Object({ keyId: Type.String(), verdict: Verdict, at: Time })),
  mine: Type.Optional(Verdict),
});
const Reviews = Type.Object({
  reviews: Type.Array(Review, { description: 'Open ones, oldest first; after seven days they are erased.' }),
  next: Type.Optional(Type.Integer({ description: 'Where the next page goes on; left out on the last.' })),
});

export function addReviewRoutes(routes: Routes, deps: Deps): void {
  routes.photo({
    method: 'POST',
    path: '/galleries/:galleryId/reviews',
    summary: 'Confirm or reject whom a search names for a face of this photo; it is searched anew',
    permission: 'review',
    params: GalleryParams,
    query: NewReviewQuery,
    answers: Review,
    success: 201,
    async handle({ audit, tenantId, keyId, params, query, body, signal }) {
      const review = await openReview(
        { ...deps, audit },
        {
          gallery: galleryRef(tenantId, params.galleryId),
          personId: query.person,
          image: body,
          sourceHash: createHash('sha256').update(body).digest('hex'),
          target: query.box === undefined ? undefined : parseBox(query.box),
          keyId,
          verdict: query.verdict,
          signal,
        },
      );
      return wireReview(review, keyId);
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/reviews',
    summary: 'What waits for a second person',
    permission: 'review',
    params: GalleryParams,
    query: OpenQuery,
    answers: Reviews,
    async handle({ tenantId, keyId, params, query }) {
      const { after: afterReviewNo = 0, limit = DEFAULT_PAGE } = query;
      const found = await listOpenReviews(deps, galleryRef(tenantId, params.galleryId), { afterReviewNo, limit });
      const last = found.at(-1);
      return {
        reviews: found.map((review) => wireReview(review, keyId)),
        ...(last && found.length === limit ? { next: last.reviewNo } : {}),
      };
    },
  });
  routes.picture({
    method: 'GET',
    path: '/galleries/:galleryId/reviews/:reviewId/photo',
    summary: 'The face that was searched with',
    permission: 'review',
    params: ReviewParams,
    async handle({ audit, tenantId, params: { galleryId, reviewId } }) {
      return getReviewPhoto({ ...deps, audit }, galleryRef(tenantId, galleryId), reviewId);
    },
  });
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/reviews/:reviewId/verdicts',
    summary: 'Say whether the search was right; a key’s latest word counts, once',
    permission: 'review',
    params: ReviewParams,
    body: Type.Object({ verdict: Verdict }),
    answers: Review,
    async handle({ audit, tenantId, keyId, params: { galleryId, reviewId }, body: { verdict } }) {
      const given = { gallery: galleryRef(tenantId, galleryId), reviewId, keyId, verdict };
      return wireReview(await addVerdict({ ...deps, audit }, given), keyId);
    },
  });
}

function wireReview(review: CoreReview, ownKeyId: string): Static<typeof Review> {
  const mine = review.verdicts.find(({ keyId }) => keyId === ownKeyId)?.verdict;
  return {
    reviewId: review.reviewId,
    personId: review.personId,
    name: review.personName,
    score: review.score,
    state: review.state,
    confirmationsNeeded: review.confirmationsNeeded,
    hasPhoto: review.hasPhoto,
    openedAt: wireTime(review.openedMs),
    verdicts: review.verdicts.map(({ keyId, verdict, givenMs }) => ({ keyId, verdict, at: wireTime(givenMs) })),
    ...(mine === undefined ? {} : { mine }),
  };
}
