import Type, { type Static } from 'typebox';
import { findSimilarFaces, findSimilarProbes, type SimilarFace } from '../../core/operations/find-similar.ts';
import type { Deps } from '../../core/ports.ts';
import { FACE_LIST, LARGE_FACE_LIST } from './container-words.ts';
import { badArgument } from './refusal.ts';
import type { Routes } from './route.ts';
import { Confidence, ContainerId, Guid, roundConfidence } from './wire.ts';

const MAX_SIMILAR = 1000;
const DEFAULT_SIMILAR = 20;

const FindSimilarRequest = Type.Object({
  faceId: Guid,
  faceIds: Type.Optional(Type.Array(Guid, { minItems: 1, maxItems: 1000 })),
  faceListId: Type.Optional(ContainerId),
  largeFaceListId: Type.Optional(ContainerId),
  maxNumOfCandidatesReturned: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_SIMILAR, description: '20 when left out.' }),
  ),
  mode: Type.Optional(Type.String({ enum: ['matchPerson', 'matchFace'], description: 'matchPerson when left out.' })),
});

const FindSimilarAnswer = Type.Array(
  Type.Object({ faceId: Type.Optional(Guid), persistedFaceId: Type.Optional(Guid), confidence: Confidence }),
);

export function addFindSimilarRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/findsimilars',
    operation: 'find-similar',
    summary: 'Find the faces most like a face',
    tag: 'Face',
    permission: 'search',
    about: 'no-gallery',
    body: FindSimilarRequest,
    answers: FindSimilarAnswer,
    async handle({ audit, tenantId, body, signal }) {
      refuseUnlessOneScope(body);
      const wish = {
        probeId: body.faceId,
        maxFaces: body.maxNumOfCandidatesReturned ?? DEFAULT_SIMILAR,
        samePersonOnly: (body.mode ?? 'matchPerson') === 'matchPerson',
      };
      if (body.faceIds !== undefined) {
        const similar = await findSimilarProbes(deps, { ...wish, tenantId, amongProbeIds: body.faceIds });
        return { body: similar.map((face) => azureSimilar(face, 'faceId')) };
      }
      const list = body.largeFaceListId === undefined ? FACE_LIST : LARGE_FACE_LIST;
      const similar = await findSimilarFaces(
        { ...deps, audit },
        {
          ...wish,
          gallery: { tenantId, kind: list.kind, galleryId: (body.largeFaceListId ?? body.faceListId) as string },
          mustBeTrained: list === LARGE_FACE_LIST,
          signal,
        },
      );
      return { body: similar.map((face) => azureSimilar(face, 'persistedFaceId')) };
    },
  });
}

function refuseUnlessOneScope(request: Static<typeof FindSimilarRequest>): void {
  const scopes = [request.faceIds, request.faceListId, request.largeFaceListId].filter((scope) => scope !== undefined);
  if (scopes.length === 0) throw badArgument('LargeFaceListId, faceListId and faceIds are all null.');
  if (scopes.length > 1) throw badArgument('2 or more of LargeFaceListId, faceListId and faceIds are not null.');
}

function azureSimilar({ faceId, confidence }: SimilarFace, idName: 'faceId' | 'persistedFaceId') {
  return { [idName]: faceId, confidence: roundConfidence(confidence) };
}
