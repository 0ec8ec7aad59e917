import { auditedGallery } from '../../core/audited.ts';
import { listLikelyDuplicates } from '../../core/operations/list-likely-duplicates.ts';
import { endExpiredConsents } from '../../core/operations/manage-consents.ts';
import { getGallery } from '../../core/operations/manage-galleries.ts';
import type { Deps } from '../../core/ports.ts';
import { galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { Duplicates, DuplicatesQuery, GalleryParams } from './wire.ts';

/** Well below what clients and proxies wait. */
const BUDGET_MS = 2000;

export function addDuplicatesRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/duplicates',
    summary: 'People who are likely enrolled twice; a large gallery takes several calls, each with the last one’s next',
    permission: 'review',
    params: GalleryParams,
    query: DuplicatesQuery,
    answers: Duplicates,
    async handle({ audit, tenantId, params, query, signal }) {
      const gallery = await getGallery(deps, galleryRef(tenantId, params.galleryId));
      await endExpiredConsents(deps);
      const { pairs, compared, remaining, nextAfter } = await listLikelyDuplicates(deps, gallery, {
        budgetMs: BUDGET_MS,
        signal,
        ...(query.after === undefined ? {} : { afterEnrolmentNo: query.after }),
      });
      await audit.record({
        action: 'person-read',
        outcome: 'done',
        gallery: auditedGallery(gallery),
        personIds: pairs.flatMap(({ persons }) => persons.map(({ personId }) => personId)),
        counts: { enrolments: compared },
      });
      return {
        pairs: pairs.map(({ persons, score, expectedByChance }) => ({
          people: persons.map(({ personId, personName, enrolmentId }) => ({
            personId,
            name: personName,
            faceId: enrolmentId,
          })),
          score,
          expectedByChance,
        })),
        compared,
        remaining,
        ...(nextAfter === undefined ? {} : { next: nextAfter }),
      };
    },
  });
}
