// What Azure's four containers (person groups and face lists, each in two sizes) have in common.
import Type, { type TObject } from 'typebox';
import {
  createGallery,
  deleteGallery,
  getGallery,
  listGalleries,
  updateGallery,
} from '../../core/operations/manage-galleries.ts';
import type { Deps } from '../../core/ports.ts';
import type { Gallery, GalleryRef } from '../../core/types.ts';
import type { ContainerWords } from './container-words.ts';
import type { Routes } from './route.ts';
import {
  ContainerId,
  DEFAULT_RECOGNITION_MODEL,
  type Guid,
  givenUserData,
  ModelQuery,
  Name,
  NamePatch,
  PageQuery,
  pageOf,
  RecognitionModel,
  UserData,
} from './wire.ts';

const CreateContainer = Type.Object({
  name: Name,
  userData: Type.Optional(UserData),
  recognitionModel: Type.Optional(RecognitionModel),
});

/**
 * Schema of the ids in a path: the container's, under its own name for it, and those below it. The type shows only the
 * latter, as the container's goes through pathGallery.
 */
export function pathIds<Below extends Record<string, typeof Guid>>(words: ContainerWords, below: Below) {
  return Type.Object({ [words.idName]: ContainerId, ...below }) as unknown as TObject<Below>;
}

export function containerAnswer(words: ContainerWords) {
  return Type.Object({
    [words.idName]: ContainerId,
    name: Type.String(),
    userData: Type.Optional(Type.String()),
    recognitionModel: Type.Optional(RecognitionModel),
  });
}

/** The gallery that a call's path names. */
export function pathGallery(
  words: ContainerWords,
  call: { readonly tenantId: string; readonly params: object },
): GalleryRef {
  const galleryId = (call.params as Readonly<Record<string, string>>)[words.idName];
  if (galleryId === undefined) throw new Error(`the route's path has no ${words.idName}`);
  return { tenantId: call.tenantId, kind: words.kind, galleryId };
}

export function azureContainer(words: ContainerWords, gallery: Gallery, returnRecognitionModel = false) {
  return {
    [words.idName]: gallery.galleryId,
    name: gallery.name,
    ...givenUserData(gallery),
    ...(returnRecognitionModel ? { recognitionModel: gallery.recognitionModel } : {}),
  };
}

/** Create, change and delete: the same for every container. */
export function addContainerRoutes(
  routes: Routes,
  deps: Pick<
    Deps,
    'store' | 'vault' | 'clock' | 'engine' | 'follower' | 'erasureLedger' | 'receipts' | 'newId' | 'recognitionModels'
  >,
  words: ContainerWords,
): void {
  const label = words.label.toLowerCase();
  const common = {
    path: `/${words.path}/:${words.idName}`,
    operation: 'container',
    tag: words.label,
    params: pathIds(words, {}),
  } as const;

  routes.json({
    ...common,
    method: 'PUT',
    summary: `Create a ${label}`,
    permission: 'enrol',
    body: CreateContainer,
    async handle(call) {
      const { recognitionModel = DEFAULT_RECOGNITION_MODEL, ...named } = call.body;
      await createGallery({ ...deps, audit: call.audit }, pathGallery(words, call), { ...named, recognitionModel });
      return {};
    },
  });
  routes.json({
    ...common,
    method: 'PATCH',
    summary: `Change a ${label}'s name or user data`,
    permission: 'enrol',
    body: NamePatch,
    async handle(call) {
      await updateGallery({ ...deps, audit: call.audit }, pathGallery(words, call), call.body);
      return {};
    },
  });
  routes.json({
    ...common,
    method: 'DELETE',
    summary: `Delete a ${label} and everything in it`,
    permission: 'enrol',
    async handle(call) {
      // As Azure does: snapshots outlive what they are of
      await deleteGallery({ ...deps, audit: call.audit }, pathGallery(words, call), { withSnapshots: false });
      return {};
    },
  });
}

export function addGetContainerRoute(routes: Routes, deps: Pick<Deps, 'store'>, words: ContainerWords): void {
  routes.json({
    method: 'GET',
    path: `/${words.path}/:${words.idName}`,
    operation: 'container',
    summary: `Get a ${words.label.toLowerCase()}`,
    tag: words.label,
    permission: 'search',
    params: pathIds(words, {}),
    query: ModelQuery,
    answers: containerAnswer(words),
    async handle(call) {
      const gallery = await getGallery(deps, pathGallery(words, call));
      return { body: azureContainer(words, gallery, call.query.returnRecognitionModel) };
    },
  });
}

export function addListContainersRoute(routes: Routes, deps: Pick<Deps, 'store'>, words: ContainerWords): void {
  routes.json({
    method: 'GET',
    path: `/${words.path}`,
    operation: 'container',
    summary: `List ${words.label.toLowerCase()}s by id`,
    tag: words.label,
    permission: 'search',
    about: 'listed',
    query: Type.Object({ ...PageQuery.properties, ...ModelQuery.properties }),
    answers: Type.Array(containerAnswer(words)),
    async handle({ tenantId, bounds, query }) {
      const galleries = await listGalleries(deps, { tenantId, kind: words.kind, bounds }, pageOf(query));
      return { body: galleries.map((gallery) => azureContainer(words, gallery, query.returnRecognitionModel)) };
    },
  });
}
