import Type, { type Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import { verifyDirectoryPerson } from '../../core/operations/search-directory.ts';
import { type Verification, verifyPerson, verifyProbes } from '../../core/operations/verify.ts';
import type { Deps } from '../../core/ports.ts';
import type { GalleryRef } from '../../core/types.ts';
import { LARGE_PERSON_GROUP, PERSON_GROUP } from './container-words.ts';
import type { Routes } from './route.ts';
import { Confidence, ContainerId, Guid, roundConfidence } from './wire.ts';

/** Face to face, or face to a person of one of the scopes. */
const VerifyRequest = Type.Object({
  faceId1: Type.Optional(Guid),
  faceId2: Type.Optional(Guid),
  faceId: Type.Optional(Guid),
  personId: Type.Optional(Guid),
  personGroupId: Type.Optional(ContainerId),
  largePersonGroupId: Type.Optional(ContainerId),
});

const VerifyAnswer = Type.Object({ isIdentical: Type.Boolean(), confidence: Confidence });

export function addVerifyRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/verify',
    operation: 'verify',
    summary: 'Tell whether two faces, or a face and a person, are the same person',
    tag: 'Face',
    permission: 'search',
    about: (body) => ((body as Static<typeof VerifyRequest>).personId === undefined ? 'no-gallery' : 'tenant'),
    body: VerifyRequest,
    answers: VerifyAnswer,
    async handle({ audit, tenantId, body }) {
      const { faceId1, faceId2, faceId, personId } = body;
      if (faceId1 !== undefined && faceId2 !== undefined) {
        return {
          body: azureVerification(await verifyProbes({ ...deps, audit }, { tenantId, probeIds: [faceId1, faceId2] })),
        };
      }
      if (faceId !== undefined && personId !== undefined) {
        const gallery = scopeOf(tenantId, body);
        const pair = { personId, probeId: faceId };
        const verified = gallery
          ? await verifyPerson({ ...deps, audit }, { ...pair, gallery })
          : await verifyDirectoryPerson({ ...deps, audit }, { ...pair, tenantId });
        return { body: azureVerification(verified) };
      }
      throw invalidArgument('body', 'missing', 'Two faces are needed, or a face and a person.');
    },
  });
}

/** Undefined for the person directory. */
function scopeOf(tenantId: string, request: Static<typeof VerifyRequest>): GalleryRef | undefined {
  const { personGroupId, largePersonGroupId } = request;
  if (personGroupId !== undefined && largePersonGroupId !== undefined) {
    throw invalidArgument('body', 'malformed', 'A person is of one group.');
  }
  if (personGroupId !== undefined) return { tenantId, kind: PERSON_GROUP.kind, galleryId: personGroupId };
  if (largePersonGroupId !== undefined) {
    return { tenantId, kind: LARGE_PERSON_GROUP.kind, galleryId: largePersonGroupId };
  }
  return undefined;
}

function azureVerification({ samePerson, confidence }: Verification): Static<typeof VerifyAnswer> {
  return { isIdentical: samePerson, confidence: roundConfidence(confidence) };
}
