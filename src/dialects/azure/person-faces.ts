import Type from 'typebox';
import { enrolFace } from '../../core/operations/enrol-face.ts';
import { deleteEnrolment, getEnrolment, updateEnrolment } from '../../core/operations/manage-enrolments.ts';
import type { Deps } from '../../core/ports.ts';
import type { ContainerWords } from './container-words.ts';
import { pathGallery, pathIds } from './containers.ts';
import { imageBytes } from './image-body.ts';
import type { Routes } from './route.ts';
import { readTargetFace } from './target-face.ts';
import { DetectionModel, FacePatch, FaceUserData, Guid, givenUserData } from './wire.ts';

export const AddFaceQuery = Type.Object({
  targetFace: Type.Optional(Type.String({ description: 'left,top,width,height in pixels: which face is meant.' })),
  detectionModel: Type.Optional(DetectionModel),
  userData: Type.Optional(FaceUserData),
});

export const FaceAnswer = Type.Object({ persistedFaceId: Guid, userData: Type.Optional(Type.String()) });

/** Faces of a person in a person group or large person group. */
export function addPersonFaceRoutes(
  routes: Routes,
  deps: Pick<
    Deps,
    'store' | 'vault' | 'engine' | 'images' | 'follower' | 'erasureLedger' | 'clock' | 'newId' | 'recognitionModels'
  >,
  words: ContainerWords,
): void {
  const common = { operation: 'container', tag: words.label } as const;
  const path = `/${words.path}/:${words.idName}/persons/:personId/persistedfaces`;
  const one = {
    ...common,
    path: `${path}/:persistedFaceId`,
    params: pathIds(words, { personId: Guid, persistedFaceId: Guid }),
  } as const;

  routes.image({
    ...common,
    method: 'POST',
    path,
    summary: 'Add a face to a person',
    permission: 'enrol',
    params: pathIds(words, { personId: Guid }),
    query: AddFaceQuery,
    answers: Type.Object({ persistedFaceId: Guid }),
    async handle(call) {
      const enrolment = await enrolFace(
        { ...deps, audit: call.audit },
        {
          gallery: pathGallery(words, call),
          personId: call.params.personId,
          target: readTargetFace(call.query.targetFace),
          userData: call.query.userData,
          sourceHash: undefined,
          image: await imageBytes(deps, call.body, call.signal),
          signal: call.signal,
        },
      );
      return { body: { persistedFaceId: enrolment.enrolmentId } };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a face',
    permission: 'search',
    answers: FaceAnswer,
    async handle(call) {
      const { personId, persistedFaceId } = call.params;
      const enrolment = await getEnrolment(
        { ...deps, audit: call.audit },
        {
          gallery: pathGallery(words, call),
          personId,
          enrolmentId: persistedFaceId,
        },
      );
      return { body: { persistedFaceId, ...givenUserData(enrolment) } };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a face's user data",
    permission: 'enrol',
    body: FacePatch,
    async handle(call) {
      const { personId, persistedFaceId } = call.params;
      const address = { gallery: pathGallery(words, call), personId, enrolmentId: persistedFaceId };
      const { userData } = call.body;
      if (userData === undefined) await getEnrolment({ ...deps, audit: call.audit }, address);
      else await updateEnrolment({ ...deps, audit: call.audit }, address, userData);
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a face',
    permission: 'enrol',
    async handle(call) {
      const { personId, persistedFaceId } = call.params;
      await deleteEnrolment(
        { ...deps, audit: call.audit },
        { gallery: pathGallery(words, call), personId, enrolmentId: persistedFaceId },
      );
      return {};
    },
  });
}
