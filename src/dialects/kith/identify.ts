import type { Static } from 'typebox';
import { getReferredGallery } from '../../core/galleries.ts';
import type { Identification } from '../../core/operations/identify.ts';
import { identifyPhoto } from '../../core/operations/identify-photo.ts';
import type { Deps } from '../../core/ports.ts';
import type { Candidate } from '../../core/types.ts';
import { galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { type FoundCandidate, Identified, IdentifyQuery, type Search, wireFoundFace } from './wire.ts';

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
          minConfidence: query.minConfidence ?? 'review',
          signal,
        },
      );
      return {
        widthPx,
        heightPx,
        confirmationsNeeded: gallery.twoPersonRule ? 2 : 1,
        faces: faces.map(({ face, outcome, candidates, search }) => ({
          ...wireFoundFace(face),
          outcome,
          candidates: candidates.map(wireCandidate),
          search: wireSearch(search),
        })),
      };
    },
  });
}

export function wireCandidate(candidate: Candidate): Static<typeof FoundCandidate> {
  const { personId, personName, confidence, score, strangerRate } = candidate;
  return { personId, name: personName, confidence, score, strangerRate };
}

export function wireSearch(search: Identification['search']): Static<typeof Search> {
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
