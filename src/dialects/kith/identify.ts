import type { Static } from 'typebox';
import { getReferredGallery } from '../../core/galleries.ts';
import type { Identification } from '../../core/operations/identify.ts';
import { identifyPhoto } from '../../core/operations/identify-photo.ts';
import type { Deps } from '../../core/ports.ts';
import { galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { Identified, IdentifyQuery, type Search, wireBox, wireQuality } from './wire.ts';

const DEFAULT_MAX_CANDIDATES = 3;

export function addIdentifyRoute(routes: Routes, deps: Deps): void {
  routes.photo({
    method: 'POST',
    path: '/identify',
    summary: 'Who is in this photo? Nothing of it is kept',
    permission: 'search',
    about: ({ gallery }) => gallery,
    query: IdentifyQuery,
    answers: Identified,
    async handle({ audit, tenantId, query, body, signal }) {
      const gallery = await getReferredGallery(deps, galleryRef(tenantId, query.gallery));
      const { widthPx, heightPx, faces } = await identifyPhoto(
        { ...deps, audit },
        {
          gallery,
          image: body,
          maxCandidates: query.maxCandidates ?? DEFAULT_MAX_CANDIDATES,
          minConfidence: 'review',
          signal,
        },
      );
      return {
        widthPx,
        heightPx,
        faces: faces.map(({ face, outcome, candidates, search }) => ({
          box: wireBox(face.box),
          quality: wireQuality(face.quality ?? { level: 'low', reasons: [] }),
          outcome,
          candidates: candidates.map(({ personId, personName, confidence, score, strangerRate }) => ({
            personId,
            name: personName,
            confidence,
            score,
            strangerRate,
          })),
          search: wireSearch(search),
        })),
      };
    },
  });
}

function wireSearch(search: Identification['search']): Static<typeof Search> {
  return {
    gallerySize: search.persons,
    searched: search.enrolmentsSearched,
    exact: search.exact,
    recall: search.recall,
    model: search.packId,
    threshold: search.thresholdScore,
    reviewThreshold: search.reviewScore,
    targetFpir: search.targetFpir,
    expectedFpir: search.expectedFpir,
    expectedFpirInterval: [...search.expectedFpirInterval],
    calibratedOn: search.tail.measuredOn,
  };
}
