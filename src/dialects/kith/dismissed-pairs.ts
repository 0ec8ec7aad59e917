import Type from 'typebox';
import { MAX_ID_LENGTH, MAX_PAGE } from '../../core/limits.ts';
import { dismissPair, listDismissedPairs, restorePair } from '../../core/operations/dismiss-pairs.ts';
import type { Deps } from '../../core/ports.ts';
import { DEFAULT_PAGE, galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { DismissedPairs, GalleryParams, wireTime } from './wire.ts';

const PairParams = Type.Object({
  galleryId: Type.String({ maxLength: MAX_ID_LENGTH }),
  personId: Type.String({ maxLength: MAX_ID_LENGTH }),
  otherId: Type.String({ maxLength: MAX_ID_LENGTH, description: 'Whichever of the two is named first.' }),
});
const PairsQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: '`next` of the page before.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});
const PAIR = '/galleries/:galleryId/dismissed-pairs/:personId/:otherId';

export function addDismissedPairRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'PUT',
    path: PAIR,
    summary: 'Say that two who look like one person are two people: they are no pair of duplicates from then on',
    permission: 'review',
    params: PairParams,
    async handle({ audit, tenantId, keyId, params: { galleryId, personId, otherId } }) {
      await dismissPair({ ...deps, audit }, galleryRef(tenantId, galleryId), {
        personIds: [personId, otherId],
        keyId,
      });
    },
  });
  routes.json({
    method: 'DELETE',
    path: PAIR,
    summary: 'Take that back: they may be found as a pair again',
    permission: 'review',
    params: PairParams,
    async handle({ audit, tenantId, params: { galleryId, personId, otherId } }) {
      await restorePair({ ...deps, audit }, galleryRef(tenantId, galleryId), [personId, otherId]);
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/dismissed-pairs',
    summary: 'Pairs that were said to be two people',
    permission: 'review',
    params: GalleryParams,
    query: PairsQuery,
    answers: DismissedPairs,
    async handle({ audit, tenantId, params, query }) {
      const { after, limit = DEFAULT_PAGE } = query;
      const page = { limit, ...(after === undefined ? {} : { beforePairNo: after }) };
      const found = await listDismissedPairs({ ...deps, audit }, galleryRef(tenantId, params.galleryId), page);
      return {
        pairs: found.pairs.map(({ persons, keyId, dismissedMs }) => ({
          people: persons.map(({ personId, personName, enrolmentId }) => ({
            personId,
            name: personName,
            ...(enrolmentId === undefined ? {} : { faceId: enrolmentId }),
          })),
          keyId,
          dismissedAt: wireTime(dismissedMs),
        })),
        total: found.total,
        ...(found.nextBefore === undefined ? {} : { next: found.nextBefore }),
      };
    },
  });
}
