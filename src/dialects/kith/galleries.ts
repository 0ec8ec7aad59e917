import type { Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { galleryStats } from '../../core/operations/gallery-stats.ts';
import {
  createGallery,
  deleteGallery,
  getGallery,
  listGalleries,
  updateGallery,
} from '../../core/operations/manage-galleries.ts';
import type { Deps } from '../../core/ports.ts';
import type { Gallery as CoreGallery, GalleryRef } from '../../core/types.ts';
import type { Routes } from './route.ts';
import {
  Erasure,
  Galleries,
  Gallery,
  GalleryParams,
  GalleryPatch,
  GalleryStats,
  NewGallery,
  Page,
  wireTime,
} from './wire.ts';

/** Kith's own galleries are the kind that Azure's door calls large person groups: both doors see the same ones. */
export function galleryRef(tenantId: string, galleryId: string): GalleryRef {
  return { tenantId, kind: 'large-person', galleryId };
}

/** Every schema fills its defaults here, where optionality ends. */
export const DEFAULT_PAGE = 100;

export function addGalleryRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'GET',
    path: '/galleries',
    summary: 'List galleries',
    permission: 'search',
    about: 'listed',
    query: Page,
    answers: Galleries,
    async handle({ tenantId, bounds, query }) {
      const page = { limit: query.limit ?? DEFAULT_PAGE, ...(query.after === undefined ? {} : { after: query.after }) };
      const found = await listGalleries(deps, { tenantId, kind: 'large-person', bounds }, page);
      return { galleries: await Promise.all(found.map((gallery) => wireGallery(deps, gallery))) };
    },
  });
  routes.json({
    method: 'PUT',
    path: '/galleries/:galleryId',
    summary: 'Make a gallery',
    permission: 'admin',
    params: GalleryParams,
    body: NewGallery,
    answers: Gallery,
    success: 201,
    async handle({ audit, tenantId, params, body }) {
      const gallery = await createGallery({ ...deps, audit }, galleryRef(tenantId, params.galleryId), {
        ...body,
        name: body.name ?? params.galleryId,
        recognitionModel: body.recognitionModel ?? DEFAULT_RECOGNITION_MODEL,
      });
      return wireGallery(deps, gallery);
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId',
    summary: 'A gallery',
    permission: 'search',
    params: GalleryParams,
    answers: Gallery,
    async handle({ tenantId, params }) {
      return wireGallery(deps, await getGallery(deps, galleryRef(tenantId, params.galleryId)));
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/stats',
    summary: 'How large a gallery is, and how a search of it as it is now would be decided',
    permission: 'search',
    params: GalleryParams,
    answers: GalleryStats,
    async handle({ tenantId, params }) {
      return wireStats(deps, await getGallery(deps, galleryRef(tenantId, params.galleryId)));
    },
  });
  routes.json({
    method: 'PATCH',
    path: '/galleries/:galleryId',
    summary: 'Change a gallery',
    permission: 'admin',
    params: GalleryParams,
    body: GalleryPatch,
    answers: Gallery,
    async handle({ audit, tenantId, params, body }) {
      if (Object.keys(body).length === 0) throw invalidArgument('body', 'empty', 'There is nothing to change.');
      const ref = galleryRef(tenantId, params.galleryId);
      await updateGallery({ ...deps, audit }, ref, body);
      return wireGallery(deps, await getGallery(deps, ref));
    },
  });
  routes.json({
    method: 'DELETE',
    path: '/galleries/:galleryId',
    summary: 'Erase a gallery with all its people and snapshots; answers a signed receipt',
    permission: 'admin',
    params: GalleryParams,
    answers: Erasure,
    async handle({ audit, tenantId, params }) {
      return deleteGallery({ ...deps, audit }, galleryRef(tenantId, params.galleryId), { withSnapshots: true });
    },
  });
}

async function wireGallery(deps: Pick<Deps, 'store'>, gallery: CoreGallery): Promise<Static<typeof Gallery>> {
  const { persons, enrolments } = await deps.store.countGallery(gallery);
  return {
    galleryId: gallery.galleryId,
    name: gallery.name,
    ...(gallery.userData === undefined ? {} : { userData: gallery.userData }),
    recognitionModel: gallery.recognitionModel,
    ...(gallery.targetFpir === undefined ? {} : { targetFpir: gallery.targetFpir }),
    keepPhotos: gallery.keepPhotos,
    ...(gallery.purpose === undefined ? {} : { purpose: gallery.purpose }),
    ...(gallery.lawfulBasis === undefined ? {} : { lawfulBasis: gallery.lawfulBasis }),
    retentionDays: gallery.retentionDays,
    consentPolicy: gallery.consentPolicy,
    twoPersonRule: gallery.twoPersonRule,
    createdAt: wireTime(gallery.createdMs),
    people: persons,
    faces: enrolments,
  };
}

async function wireStats(deps: Deps, gallery: CoreGallery): Promise<Static<typeof GalleryStats>> {
  const { persons, enrolments, pack, rule } = await galleryStats(deps, gallery);
  const { tail } = gallery;
  return {
    galleryId: gallery.galleryId,
    name: gallery.name,
    people: persons,
    faces: enrolments,
    keepPhotos: gallery.keepPhotos,
    twoPersonRule: gallery.twoPersonRule,
    recognitionModel: gallery.recognitionModel,
    model: pack.packId,
    threshold: rule.thresholdScore,
    reviewThreshold: rule.reviewScore,
    targetFpir: rule.targetFpir,
    expectedFpir: rule.expectedFpir,
    expectedFpirInterval: [...rule.expectedFpirInterval],
    calibratedOn: rule.tail.measuredOn,
    ...(tail ? { calibratedAt: wireTime(tail.fittedMs), calibratedEnrolments: tail.enrolments } : {}),
  };
}
