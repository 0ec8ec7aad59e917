import { rankProbes } from '../../core/operations/find-similar.ts';
import { identifyProbes } from '../../core/operations/identify.ts';
import type { Deps } from '../../core/ports.ts';
import { galleryRef } from './galleries.ts';
import { wireCandidate, wireSearch } from './identify.ts';
import { Similar, SimilarPeople, SimilarPeopleRequest, SimilarRequest } from './photo-wire.ts';
import type { Routes } from './route.ts';
import { GalleryParams } from './wire.ts';

const DEFAULT_MAX_FACES = 100;
const DEFAULT_MAX_CANDIDATES = 20;

export function addSimilarRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/similar',
    summary: 'Which of these detected faces are most like one of them?',
    permission: 'search',
    about: 'no-gallery',
    body: SimilarRequest,
    answers: Similar,
    async handle({ tenantId, body }) {
      const { probeId, among, maxFaces = DEFAULT_MAX_FACES } = body;
      const { compared, faces } = await rankProbes(deps, { tenantId, probeId, amongProbeIds: among, maxFaces });
      return { compared, faces: [...faces] };
    },
  });
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/similar',
    summary: 'Which people of the gallery are most like a detected face, however unlike they may be?',
    permission: 'search',
    params: GalleryParams,
    body: SimilarPeopleRequest,
    answers: SimilarPeople,
    async handle({ audit, tenantId, params, body, signal }) {
      const gallery = galleryRef(tenantId, params.galleryId);
      await deps.store.getGallery(gallery);
      const { probeId, maxCandidates = DEFAULT_MAX_CANDIDATES } = body;
      const [found] = await identifyProbes(
        { ...deps, audit },
        { gallery, probeIds: [probeId], maxCandidates, minConfidence: 0, mustBeTrained: false, signal },
      );
      if (!found) throw new Error('a probe was searched with and not answered');
      return {
        outcome: found.outcome,
        candidates: found.candidates.map(wireCandidate),
        search: wireSearch(found.search),
      };
    },
  });
}
