import Type, { type Static } from 'typebox';
import { DEFAULT_CANDIDATES, MAX_CANDIDATES, MAX_PROBES_PER_IDENTIFY } from '../../core/limits.ts';
import { type Identification, identifyProbes } from '../../core/operations/identify.ts';
import type { Deps } from '../../core/ports.ts';
import type { GalleryRef } from '../../core/types.ts';
import { LARGE_PERSON_GROUP, PERSON_GROUP } from './container-words.ts';
import { AzureRefusal } from './refusal.ts';
import type { Routes } from './route.ts';
import { Confidence, ContainerId, Guid, roundConfidence } from './wire.ts';

/** Azure's default is not published; 0.5 is the confidence from which it calls two faces identical. */
const DEFAULT_THRESHOLD = 0.5;

const IdentifyRequest = Type.Object({
  faceIds: Type.Array(Guid, { minItems: 1, maxItems: MAX_PROBES_PER_IDENTIFY }),
  personGroupId: Type.Optional(ContainerId),
  largePersonGroupId: Type.Optional(ContainerId),
  personIds: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  dynamicPersonGroupId: Type.Optional(ContainerId),
  maxNumOfCandidatesReturned: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_CANDIDATES, description: '10 when left out.' }),
  ),
  confidenceThreshold: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: '0.5 when left out.' })),
});

const IdentifyAnswer = Type.Array(
  Type.Object({
    faceId: Guid,
    candidates: Type.Array(Type.Object({ personId: Guid, confidence: Confidence })),
  }),
);

export function addIdentifyRoute(
  routes: Routes,
  deps: Pick<Deps, 'store' | 'vault' | 'index' | 'engine' | 'clock' | 'recognitionModels'>,
): void {
  routes.json({
    method: 'POST',
    path: '/identify',
    operation: 'identify',
    summary: 'Tell who in a group a face belongs to',
    tag: 'Face',
    permission: 'search',
    body: IdentifyRequest,
    answers: IdentifyAnswer,
    async handle({ tenantId, body, signal }) {
      const answers = await identifyProbes(deps, {
        gallery: scopeOf(tenantId, body),
        probeIds: body.faceIds,
        maxCandidates: body.maxNumOfCandidatesReturned ?? DEFAULT_CANDIDATES,
        minConfidence: body.confidenceThreshold ?? DEFAULT_THRESHOLD,
        mustBeTrained: true,
        signal,
      });
      return { body: answers.map(azureIdentification) };
    },
  });
}

function scopeOf(tenantId: string, request: Static<typeof IdentifyRequest>): GalleryRef {
  const { personGroupId, largePersonGroupId } = request;
  if (personGroupId !== undefined && largePersonGroupId !== undefined) {
    throw new AzureRefusal(
      400,
      'PersonGroupIdAndLargePersonGroupIdBothNotNull',
      'Both personGroupId and largePersonGroupId are not null.',
    );
  }
  if (personGroupId !== undefined) return { tenantId, kind: PERSON_GROUP.kind, galleryId: personGroupId };
  if (largePersonGroupId !== undefined) {
    return { tenantId, kind: LARGE_PERSON_GROUP.kind, galleryId: largePersonGroupId };
  }
  throw new AzureRefusal(
    400,
    'PersonGroupIdAndLargePersonGroupIdBothNull',
    'Both personGroupId and largePersonGroupId are null.',
  );
}

function azureIdentification({
  probeId,
  candidates,
}: Identification & { readonly probeId: string }): Static<typeof IdentifyAnswer>[number] {
  return {
    faceId: probeId,
    candidates: candidates.map(({ personId, confidence }) => ({
      personId,
      confidence: roundConfidence(confidence),
    })),
  };
}
