// Face lists and large face lists: the same faces, differently shown.
import Type from 'typebox';
import { MAX_FACE_GALLERIES, MAX_FACES_FACE_GALLERY } from '../../core/limits.ts';
import { getGallery, listGalleries } from '../../core/operations/manage-galleries.ts';
import {
  addLoneFace,
  deleteLoneFace,
  getLoneFace,
  type LoneFace,
  listLoneFaces,
  updateLoneFace,
} from '../../core/operations/manage-lone-faces.ts';
import type { Deps } from '../../core/ports.ts';
import { type ContainerWords, FACE_LIST, LARGE_FACE_LIST } from './container-words.ts';
import { azureContainer, containerAnswer, pathGallery, pathIds } from './containers.ts';
import { imageBytes } from './image-body.ts';
import { AddFaceQuery, FaceAnswer } from './person-faces.ts';
import type { Routes } from './route.ts';
import { readTargetFace } from './target-face.ts';
import { FacePatch, Guid, givenUserData, ModelQuery, PageQuery, pageOf } from './wire.ts';

/** Adding and deleting: the same for both sizes. */
export function addListedFaceRoutes(
  routes: Routes,
  deps: Pick<
    Deps,
    'store' | 'vault' | 'engine' | 'images' | 'follower' | 'erasureLedger' | 'clock' | 'newId' | 'recognitionModels'
  >,
  words: ContainerWords,
): void {
  const common = { operation: 'container', tag: words.label } as const;
  const path = `/${words.path}/:${words.idName}/persistedfaces`;

  routes.image({
    ...common,
    method: 'POST',
    path,
    summary: 'Add a face',
    permission: 'enrol',
    params: pathIds(words, {}),
    query: AddFaceQuery,
    answers: Type.Object({ persistedFaceId: Guid }),
    async handle(call) {
      const { faceId } = await addLoneFace(
        { ...deps, audit: call.audit },
        {
          gallery: pathGallery(words, call),
          target: readTargetFace(call.query.targetFace),
          userData: call.query.userData,
          image: await imageBytes(deps, call.body, call.signal),
          signal: call.signal,
        },
      );
      return { body: { persistedFaceId: faceId } };
    },
  });
  routes.json({
    ...common,
    method: 'DELETE',
    path: `${path}/:persistedFaceId`,
    summary: 'Delete a face',
    permission: 'enrol',
    params: pathIds(words, { persistedFaceId: Guid }),
    async handle(call) {
      await deleteLoneFace({ ...deps, audit: call.audit }, pathGallery(words, call), call.params.persistedFaceId);
      return {};
    },
  });
}

/** A face list shows its faces with itself, and lists are few enough to come on one page. */
export function addFaceListReadingRoutes(routes: Routes, deps: Pick<Deps, 'store'>): void {
  const words = FACE_LIST;
  const common = { method: 'GET', operation: 'container', tag: words.label, permission: 'search' } as const;

  routes.json({
    ...common,
    path: `/${words.path}/:${words.idName}`,
    summary: 'Get a face list with its faces',
    params: pathIds(words, {}),
    query: ModelQuery,
    answers: Type.Object({ ...containerAnswer(words).properties, persistedFaces: Type.Array(FaceAnswer) }),
    async handle(call) {
      const ref = pathGallery(words, call);
      const gallery = await getGallery(deps, ref);
      const faces = await listLoneFaces(deps, ref, { limit: MAX_FACES_FACE_GALLERY });
      const list = azureContainer(words, gallery, call.query.returnRecognitionModel);
      return { body: { ...list, persistedFaces: faces.map(azureFace) } };
    },
  });
  routes.json({
    ...common,
    path: `/${words.path}`,
    summary: 'List face lists by id',
    about: 'listed',
    query: ModelQuery,
    answers: Type.Array(containerAnswer(words)),
    async handle({ tenantId, bounds, query }) {
      const lists = await listGalleries(deps, { tenantId, kind: words.kind, bounds }, { limit: MAX_FACE_GALLERIES });
      return { body: lists.map((list) => azureContainer(words, list, query.returnRecognitionModel)) };
    },
  });
}

/** Faces of a large face list are read by pages, and one by one. */
export function addLargeFaceListFaceRoutes(routes: Routes, deps: Pick<Deps, 'store' | 'clock'>): void {
  const words = LARGE_FACE_LIST;
  const common = { operation: 'container', tag: words.label } as const;
  const path = `/${words.path}/:${words.idName}/persistedfaces`;
  const one = {
    ...common,
    path: `${path}/:persistedFaceId`,
    params: pathIds(words, { persistedFaceId: Guid }),
  } as const;

  routes.json({
    ...common,
    method: 'GET',
    path,
    summary: 'List faces by id',
    permission: 'search',
    params: pathIds(words, {}),
    query: PageQuery,
    answers: Type.Array(FaceAnswer),
    async handle(call) {
      const faces = await listLoneFaces(deps, pathGallery(words, call), pageOf(call.query));
      return { body: faces.map(azureFace) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a face',
    permission: 'search',
    answers: FaceAnswer,
    async handle(call) {
      return { body: azureFace(await getLoneFace(deps, pathGallery(words, call), call.params.persistedFaceId)) };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a face's user data",
    permission: 'enrol',
    body: FacePatch,
    async handle(call) {
      const face = { gallery: pathGallery(words, call), faceId: call.params.persistedFaceId };
      await updateLoneFace({ ...deps, audit: call.audit }, face, call.body.userData);
      return {};
    },
  });
}

function azureFace(face: LoneFace) {
  return { persistedFaceId: face.faceId, ...givenUserData(face) };
}
