import type { Static } from 'typebox';
import { listMerges, mergePersons, moveEnrolments, undoMerge } from '../../core/operations/merge-persons.ts';
import type { Deps } from '../../core/ports.ts';
import type { Merge as CoreMerge } from '../../core/storage/merges.ts';
import { galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import { FaceMove, FaceParams, Merge, MergeParams, Merges, NewMerge, PersonParams, wireTime } from './wire.ts';

export function addMergeRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/people/:personId/merge',
    summary: 'Make two people one: all faces of another become this person’s; it can be undone for 30 days',
    permission: 'enrol',
    params: PersonParams,
    body: NewMerge,
    answers: Merge,
    success: 201,
    async handle({ audit, tenantId, params, body }) {
      const gallery = galleryRef(tenantId, params.galleryId);
      const wanted = { fromPersonId: body.from, intoPersonId: params.personId };
      return wireMerge(await mergePersons({ ...deps, audit }, gallery, wanted));
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/people/:personId/merges',
    summary: 'Who was merged into a person and can still be parted again',
    permission: 'search',
    params: PersonParams,
    answers: Merges,
    async handle({ tenantId, params }) {
      const found = await listMerges(deps, galleryRef(tenantId, params.galleryId), params.personId);
      return { merges: found.map(wireMerge) };
    },
  });
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/merges/:mergeId/undo',
    summary: 'Make them two people again',
    permission: 'enrol',
    params: MergeParams,
    answers: Merge,
    async handle({ audit, tenantId, params }) {
      return wireMerge(await undoMerge({ ...deps, audit }, galleryRef(tenantId, params.galleryId), params.mergeId));
    },
  });
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/people/:personId/faces/:faceId/move',
    summary: 'Give an enrolled face to another person',
    permission: 'enrol',
    params: FaceParams,
    body: FaceMove,
    async handle({ audit, tenantId, params, body }) {
      const { galleryId, personId, faceId } = params;
      const move = { fromPersonId: personId, toPersonId: body.to, enrolmentIds: [faceId] };
      await moveEnrolments({ ...deps, audit }, galleryRef(tenantId, galleryId), move);
    },
  });
}

function wireMerge({ mergeId, intoPersonId, fromPersonId, fromName, mergedMs }: CoreMerge): Static<typeof Merge> {
  return { mergeId, into: intoPersonId, from: fromPersonId, fromName, mergedAt: wireTime(mergedMs) };
}
