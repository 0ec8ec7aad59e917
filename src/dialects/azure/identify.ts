import Type, { type Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import {
  DEFAULT_CANDIDATES,
  DEFAULT_MIN_CONFIDENCE,
  MAX_CANDIDATES,
  MAX_PROBES_PER_IDENTIFY,
} from '../../core/limits.ts';
import { type Identification, identifyProbes } from '../../core/operations/identify.ts';
import { type DirectoryScope, identifyInDirectory } from '../../core/operations/search-directory.ts';
import type { Deps } from '../../core/ports.ts';
import type { GalleryRef } from '../../core/types.ts';
import { LARGE_PERSON_GROUP, PERSON_GROUP } from './container-words.ts';
import { AzureRefusal } from './refusal.ts';
import type { Routes } from './route.ts';
import type { AzureVersion } from './versions.ts';
import { Confidence, ContainerId, Guid, GuidOrAll, roundConfidence } from './wire.ts';

const IdentifyRequest = Type.Object({
  faceIds: Type.Array(Guid, { minItems: 1, maxItems: MAX_PROBES_PER_IDENTIFY }),
  personGroupId: Type.Optional(ContainerId),
  largePersonGroupId: Type.Optional(ContainerId),
  personIds: Type.Optional(
    Type.Array(GuidOrAll, {
      minItems: 1,
      description: 'Persons of the directory; ["*"] means all.',
    }),
  ),
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

export function addIdentifyRoute(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/identify',
    operation: 'identify',
    summary: 'Tell who in a group, or in the directory, a face belongs to',
    tag: 'Face',
    permission: 'search',
    body: IdentifyRequest,
    answers: IdentifyAnswer,
    async handle({ audit, tenantId, body, version, signal }) {
      const scope = scopeOf(body, version);
      const input = {
        probeIds: body.faceIds,
        maxCandidates: body.maxNumOfCandidatesReturned ?? DEFAULT_CANDIDATES,
        minConfidence: body.confidenceThreshold ?? DEFAULT_MIN_CONFIDENCE,
        signal,
      };
      const answers =
        'kind' in scope
          ? await identifyProbes({ ...deps, audit }, { ...input, gallery: { tenantId, ...scope }, mustBeTrained: true })
          : await identifyInDirectory({ ...deps, audit }, { ...input, tenantId, scope });
      return { body: answers.map(azureIdentification) };
    },
  });
}

type Scope = Omit<GalleryRef, 'tenantId'> | DirectoryScope;

/** Exactly one must be given. */
function scopeOf(request: Static<typeof IdentifyRequest>, version: AzureVersion): Scope {
  const { personGroupId, largePersonGroupId, dynamicPersonGroupId, personIds } = request;
  const given: Scope[] = [];
  if (personGroupId !== undefined) given.push({ kind: PERSON_GROUP.kind, galleryId: personGroupId });
  if (largePersonGroupId !== undefined) given.push({ kind: LARGE_PERSON_GROUP.kind, galleryId: largePersonGroupId });
  if (dynamicPersonGroupId !== undefined) given.push({ among: 'roster', rosterId: dynamicPersonGroupId });
  if (personIds !== undefined) given.push(directoryScopeOf(personIds));

  const [scope, second] = given;
  if (!scope && version === 'v1.0') {
    const message = 'Both personGroupId and largePersonGroupId are null.';
    throw new AzureRefusal(400, 'PersonGroupIdAndLargePersonGroupIdBothNull', message);
  }
  if (!scope) {
    const message = 'One of personGroupId, largePersonGroupId, dynamicPersonGroupId and personIds is needed.';
    throw new AzureRefusal(400, 'MissingIdentificationScopeParameters', message);
  }
  if (personGroupId !== undefined && largePersonGroupId !== undefined) {
    const message = 'Both personGroupId and largePersonGroupId are not null.';
    throw new AzureRefusal(400, 'PersonGroupIdAndLargePersonGroupIdBothNotNull', message);
  }
  if (second) {
    const message = 'Only one of personGroupId, largePersonGroupId, dynamicPersonGroupId and personIds can be given.';
    throw new AzureRefusal(400, 'IncompatibleIdentificationScopeParametersCombination', message);
  }
  return scope;
}

function directoryScopeOf(personIds: readonly string[]): DirectoryScope {
  if (!personIds.includes('*')) return { among: 'persons', personIds };
  if (personIds.length === 1) return { among: 'all' };
  throw invalidArgument('personIds', 'malformed', 'Either all persons are meant, or some.');
}

function azureIdentification({
  probeId,
  candidates,
}: Pick<Identification, 'candidates'> & { readonly probeId: string }): Static<typeof IdentifyAnswer>[number] {
  return {
    faceId: probeId,
    candidates: candidates.map(({ personId, confidence }) => ({
      personId,
      confidence: roundConfidence(confidence),
    })),
  };
}
