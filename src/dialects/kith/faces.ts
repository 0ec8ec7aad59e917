import { createHash } from 'node:crypto';
import type { Static } from 'typebox';
import { enrolFace } from '../../core/operations/enrol-face.ts';
import { getEnrolmentPhoto } from '../../core/operations/enrolment-photos.ts';
import { deleteEnrolment, listEnrolments } from '../../core/operations/manage-enrolments.ts';
import type { Deps } from '../../core/ports.ts';
import type { Enrolment } from '../../core/types.ts';
import { galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import {
  EnrolledFace,
  EnrolledFaces,
  EnrolQuery,
  FaceParams,
  PersonParams,
  parseBox,
  wireBox,
  wireQuality,
  wireTime,
} from './wire.ts';

/** Kith's own door refuses photos that would make a person worse to find; `minQuality=low` takes any. */
export const DEFAULT_MIN_QUALITY = 'medium';

export function addFaceRoutes(routes: Routes, deps: Deps): void {
  routes.photo({
    method: 'POST',
    path: '/galleries/:galleryId/people/:personId/faces',
    summary:
      'Enrol a face of a person; the photo itself is never kept, a picture of the face only if the gallery says so',
    permission: 'enrol',
    params: PersonParams,
    query: EnrolQuery,
    answers: EnrolledFace,
    success: 201,
    async handle({ audit, tenantId, params, query, body }) {
      const gallery = galleryRef(tenantId, params.galleryId);
      const sourceHash = createHash('sha256').update(body).digest('hex');
      const known = query.once
        ? await deps.store.findEnrolmentBySource(gallery, params.personId, sourceHash)
        : undefined;
      if (known) return wireFace(known);
      const enrolment = await enrolFace(
        { ...deps, audit },
        {
          gallery,
          personId: params.personId,
          image: body,
          target: query.box === undefined ? undefined : parseBox(query.box),
          userData: undefined,
          sourceHash,
          minQuality: query.minQuality ?? DEFAULT_MIN_QUALITY,
        },
      );
      return wireFace(enrolment);
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/people/:personId/faces',
    summary: 'Enrolled faces of a person, with their quality',
    permission: 'search',
    params: PersonParams,
    answers: EnrolledFaces,
    async handle({ audit, tenantId, params }) {
      const { galleryId, personId } = params;
      const found = await listEnrolments({ ...deps, audit }, { gallery: galleryRef(tenantId, galleryId), personId });
      return { faces: found.map(wireFace) };
    },
  });
  routes.picture({
    method: 'GET',
    path: '/galleries/:galleryId/people/:personId/faces/:faceId/photo',
    summary: 'The kept picture of an enrolled face',
    permission: 'search',
    params: FaceParams,
    async handle({ audit, tenantId, params }) {
      const { galleryId, personId, faceId } = params;
      const face = { gallery: galleryRef(tenantId, galleryId), personId, enrolmentId: faceId };
      return getEnrolmentPhoto({ ...deps, audit }, face);
    },
  });
  routes.json({
    method: 'DELETE',
    path: '/galleries/:galleryId/people/:personId/faces/:faceId',
    summary: 'Erase an enrolled face',
    permission: 'enrol',
    params: FaceParams,
    async handle({ audit, tenantId, params }) {
      const { galleryId, personId, faceId } = params;
      await deleteEnrolment(
        { ...deps, audit },
        { gallery: galleryRef(tenantId, galleryId), personId, enrolmentId: faceId },
      );
    },
  });
}

export function wireFace(enrolment: Enrolment): Static<typeof EnrolledFace> {
  return {
    faceId: enrolment.enrolmentId,
    box: wireBox(enrolment.box),
    quality: wireQuality(enrolment.quality),
    hasPhoto: enrolment.hasPhoto,
    createdAt: wireTime(enrolment.createdMs),
  };
}
