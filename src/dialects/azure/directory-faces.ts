// Faces of the person directory's persons, under the recognition model they are read with.
import Type from 'typebox';
import { recordFinished } from '../../core/operations/long-running.ts';
import {
  deleteDirectoryFace,
  enrolDirectoryFace,
  getDirectoryFace,
  listDirectoryFaces,
  updateDirectoryFace,
} from '../../core/operations/manage-directory-faces.ts';
import type { Deps } from '../../core/ports.ts';
import { imageBytes } from './image-body.ts';
import { operationHeaders } from './operations.ts';
import { AddFaceQuery, FaceAnswer } from './person-faces.ts';
import type { Routes } from './route.ts';
import { readTargetFace } from './target-face.ts';
import { FacePatch, Guid, givenUserData } from './wire.ts';

/** Azure's directory is younger than recognition_01. */
const DirectoryModel = Type.String({ enum: ['recognition_02', 'recognition_03', 'recognition_04'] });

export function addDirectoryFaceRoutes(
  routes: Routes,
  deps: Pick<
    Deps,
    'store' | 'vault' | 'engine' | 'images' | 'follower' | 'erasureLedger' | 'clock' | 'newId' | 'recognitionModels'
  >,
): void {
  const all = {
    path: '/persons/:personId/recognitionModels/:recognitionModel/persistedfaces',
    operation: 'directory',
    tag: 'Person directory',
    params: Type.Object({ personId: Guid, recognitionModel: DirectoryModel }),
  } as const;
  const one = {
    ...all,
    path: `${all.path}/:persistedFaceId`,
    params: Type.Object({ personId: Guid, recognitionModel: DirectoryModel, persistedFaceId: Guid }),
  } as const;

  routes.image({
    ...all,
    method: 'POST',
    summary: 'Add a face to a person',
    permission: 'enrol',
    query: AddFaceQuery,
    answers: Type.Object({ persistedFaceId: Guid }),
    success: 202,
    async handle({ audit, tenantId, params, query, body, baseUrl, signal }) {
      const { personId, recognitionModel } = params;
      const { enrolmentId } = await enrolDirectoryFace(
        { ...deps, audit },
        { tenantId, personId, recognitionModel },
        {
          target: readTargetFace(query.targetFace),
          userData: query.userData,
          image: await imageBytes(deps, body, signal),
          signal,
        },
      );
      const operation = await recordFinished(deps, tenantId, { resource: 'enrolment', id: enrolmentId });
      const faces = `${baseUrl}/persons/${personId}/recognitionModels/${recognitionModel}/persistedfaces`;
      return {
        headers: operationHeaders(operation, baseUrl, `${faces}/${enrolmentId}`),
        body: { persistedFaceId: enrolmentId },
      };
    },
  });
  routes.json({
    ...all,
    method: 'GET',
    summary: "List a person's faces",
    permission: 'search',
    answers: Type.Object({ personId: Guid, persistedFaceIds: Type.Array(Guid) }),
    async handle({ tenantId, params }) {
      const persistedFaceIds = [...(await listDirectoryFaces(deps, { tenantId, ...params }))];
      return { body: { personId: params.personId, persistedFaceIds } };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a face',
    permission: 'search',
    answers: FaceAnswer,
    async handle({ tenantId, params: { persistedFaceId, ...person } }) {
      const face = await getDirectoryFace(deps, { tenantId, ...person, enrolmentId: persistedFaceId });
      return { body: { persistedFaceId, ...givenUserData(face) } };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a face's user data",
    permission: 'enrol',
    body: FacePatch,
    async handle({ audit, tenantId, params: { persistedFaceId, ...person }, body }) {
      await updateDirectoryFace(
        { ...deps, audit },
        { tenantId, ...person, enrolmentId: persistedFaceId },
        body.userData,
      );
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a face',
    permission: 'enrol',
    success: 202,
    async handle({ audit, tenantId, params: { persistedFaceId, ...person }, baseUrl }) {
      await deleteDirectoryFace({ ...deps, audit }, { tenantId, ...person, enrolmentId: persistedFaceId });
      return { headers: operationHeaders(await recordFinished(deps, tenantId), baseUrl) };
    },
  });
}
