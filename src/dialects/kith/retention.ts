import { invalidArgument } from '../../core/checks.ts';
import { enforceRetention, listOverdue } from '../../core/operations/enforce-retention.ts';
import { getGallery } from '../../core/operations/manage-galleries.ts';
import type { Deps } from '../../core/ports.ts';
import type { UnusedPlace } from '../../core/storage/uses.ts';
import { DEFAULT_PAGE, galleryRef } from './galleries.ts';
import { Overdue, OverdueQuery, RetentionApplied, RetentionQuery } from './retention-wire.ts';
import type { Routes } from './route.ts';
import { GalleryParams, wireTime } from './wire.ts';

export function addRetentionRoutes(routes: Routes, deps: Deps): void {
  const path = '/galleries/:galleryId/retention';
  routes.json({
    method: 'GET',
    path,
    summary: 'Who would be erased now or by a time, as nobody used them for as long as the gallery says',
    permission: 'review',
    params: GalleryParams,
    query: OverdueQuery,
    answers: Overdue,
    async handle({ audit, tenantId, params, query }) {
      if (query.dryRun === false) {
        throw invalidArgument('dryRun', 'out-of-range', 'Reading erases nobody: POST to this address does.');
      }
      const gallery = await getGallery(deps, galleryRef(tenantId, params.galleryId));
      const limit = query.limit ?? DEFAULT_PAGE;
      const after = query.after === undefined ? {} : { after: placeOf(query.after) };
      const by = query.by === undefined ? {} : { byMs: Date.parse(query.by) };
      const found = await listOverdue({ ...deps, audit }, gallery, { limit, ...after, ...by });
      const last = found.at(-1);
      return {
        retentionDays: gallery.retentionDays,
        people: found.map(({ personId, personName, lastUsedMs }) => ({
          personId,
          name: personName,
          lastUsedAt: wireTime(lastUsedMs),
        })),
        ...(last && found.length === limit ? { next: `${last.lastUsedMs}.${last.personId}` } : {}),
      };
    },
  });
  routes.json({
    method: 'POST',
    path,
    summary: 'Erase them now, at most a page; the service does it by itself every few minutes',
    permission: 'admin',
    params: GalleryParams,
    query: RetentionQuery,
    answers: RetentionApplied,
    async handle({ audit, tenantId, params, query }) {
      const ref = galleryRef(tenantId, params.galleryId);
      const limit = query.limit ?? DEFAULT_PAGE;
      if (query.dryRun === true) {
        const found = await listOverdue({ ...deps, audit }, ref, { limit });
        return { erased: [], isComplete: found.length === 0 };
      }
      const erased = await enforceRetention({ ...deps, audit }, ref, limit);
      return { erased: [...erased], isComplete: erased.length < limit };
    },
  });
}

function placeOf(next: string): UnusedPlace {
  const [lastUsedMs, personId] = next.split('.', 2);
  if (!/^\d{1,15}$/.test(lastUsedMs ?? '') || personId === undefined) {
    throw invalidArgument('after', 'malformed', 'It is the `next` of the page before.');
  }
  return { lastUsedMs: Number(lastUsedMs), personId };
}
