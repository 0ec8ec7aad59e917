// Identification and verification against a tenant's directory, in the gallery of each probe's own model.
import { directoryFacesOf, openDirectory } from '../directory.ts';
import { KithError } from '../errors.ts';
import type { Deps } from '../ports.ts';
import { openProbes } from '../probes.ts';
import type { Gallery, GalleryRef, Probe } from '../types.ts';
import { type Identification, type IdentifyOptions, identifyTemplates, type SearchDeps } from './identify.ts';
import { type PersonVerifyDeps, type Verification, verifyPerson } from './verify.ts';

/** Whom to search among. */
export type DirectoryScope =
  | { readonly among: 'all' }
  | { readonly among: 'roster'; readonly rosterId: string }
  | { readonly among: 'persons'; readonly personIds: readonly string[] };

export interface DirectoryCandidates extends Pick<Identification, 'candidates'> {
  readonly probeId: string;
}

/** One answer a probe, in their order. Needs no training. */
export async function identifyInDirectory(
  deps: SearchDeps,
  input: IdentifyOptions & {
    readonly tenantId: string;
    readonly probeIds: readonly string[];
    readonly scope: DirectoryScope;
    readonly signal?: AbortSignal;
  },
): Promise<readonly DirectoryCandidates[]> {
  const { tenantId, probeIds, scope, ...options } = input;
  const directory = await openDirectory(deps, tenantId);
  if (scope.among === 'roster') await requireReferredRoster(deps, directory, scope.rosterId);
  const probes = await openProbes(deps, tenantId, probeIds);
  return Promise.all(
    probes.map(async (probe) => {
      const gallery = await deps.store.findGallery(directoryFacesOf(tenantId, probe.recognitionModel));
      // Nobody in the directory has a face of this model yet.
      if (!gallery) return { probeId: probe.probeId, candidates: [] };
      const allowPersonNos = await personNosIn(deps, { directory, gallery, scope });
      const [answer] = await identifyTemplates(deps, gallery, {
        ...options,
        vectors: [probe.template.vector],
        probeIds: [probe.probeId],
        ...(allowPersonNos ? { allowPersonNos } : {}),
      });
      return { probeId: probe.probeId, candidates: answer?.candidates ?? [] };
    }),
  );
}

async function personNosIn(
  deps: Pick<Deps, 'store'>,
  search: { readonly directory: GalleryRef; readonly gallery: Gallery; readonly scope: DirectoryScope },
): Promise<Uint32Array | undefined> {
  const { directory, gallery, scope } = search;
  switch (scope.among) {
    case 'all':
      return undefined;
    case 'roster':
      return deps.store.rosterPersonNos({ gallery: directory, rosterId: scope.rosterId }, gallery);
    case 'persons':
      return deps.store.personNosOf(gallery, scope.personIds);
  }
}

async function requireReferredRoster(deps: Pick<Deps, 'store'>, gallery: GalleryRef, rosterId: string): Promise<void> {
  try {
    await deps.store.getRoster({ gallery, rosterId });
  } catch (error) {
    if (!(error instanceof KithError) || error.problem.kind !== 'not-found') throw error;
    throw new KithError({ ...error.problem, byReference: true });
  }
}

/** Is the probe this person of the directory? */
export async function verifyDirectoryPerson(
  deps: PersonVerifyDeps,
  input: { readonly tenantId: string; readonly personId: string; readonly probeId: string },
): Promise<Verification> {
  const { tenantId, personId, probeId } = input;
  await deps.store.getPerson(await openDirectory(deps, tenantId), personId);
  const [probe] = (await openProbes(deps, tenantId, [probeId])) as [Probe];
  const gallery = directoryFacesOf(tenantId, probe.recognitionModel);
  try {
    return await verifyPerson(deps, { gallery, personId, probeId });
  } catch (error) {
    // In the directory, but without a face of this model.
    const isFaceless = error instanceof KithError && error.problem.kind === 'not-found';
    if (!isFaceless || error.problem.resource === 'probe') throw error;
    throw new KithError({ kind: 'not-found', resource: 'enrolment', id: personId, byReference: true });
  }
}
