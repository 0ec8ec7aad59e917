import { packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { getReferredGallery, requireTrained } from '../galleries.ts';
import { DEFAULT_MIN_CONFIDENCE } from '../limits.ts';
import type { Deps } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { compareTemplates, confidenceOf } from '../score.ts';
import type { GalleryRef, Probe } from '../types.ts';
import { identifyTemplates, type SearchDeps } from './identify.ts';

export interface FindSimilarOptions {
  readonly maxFaces: number;
  /** True leaves out faces that are likely of another person; false ranks whatever there is. */
  readonly samePersonOnly: boolean;
}

export interface SimilarFace {
  readonly faceId: string;
  readonly confidence: number;
}

/** The probes most like a probe, best first; equal ones in the order of their ids. */
export async function findSimilarProbes(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'>,
  input: FindSimilarOptions & {
    readonly tenantId: string;
    readonly probeId: string;
    readonly amongProbeIds: readonly string[];
  },
): Promise<readonly SimilarFace[]> {
  const [probe] = (await openProbes(deps, input.tenantId, [input.probeId])) as [Probe];
  const others = await openProbes(deps, input.tenantId, input.amongProbeIds);
  for (const other of others) {
    requireSameModel(probe, { recognitionModel: other.recognitionModel, packId: other.template.packId });
  }
  const { calibration } = packFor(deps, probe.recognitionModel);
  return others
    .map((other) => ({
      faceId: other.probeId,
      confidence: confidenceOf(compareTemplates(probe.template, other.template), calibration),
    }))
    .filter(({ confidence }) => !input.samePersonOnly || confidence >= DEFAULT_MIN_CONFIDENCE)
    .sort((a, b) => b.confidence - a.confidence || (a.faceId < b.faceId ? -1 : 1))
    .slice(0, input.maxFaces);
}

/** The faces of a face gallery that are most like a probe, best first. gallery-not-ready for one that is empty. */
export async function findSimilarFaces(
  deps: SearchDeps,
  input: FindSimilarOptions & {
    readonly gallery: GalleryRef;
    readonly probeId: string;
    /** True where the caller expects a gallery to be trained before it answers. */
    readonly mustBeTrained: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<readonly SimilarFace[]> {
  const gallery = await getReferredGallery(deps, input.gallery);
  if (input.mustBeTrained) requireTrained(gallery, true);
  if (deps.index.size(gallery.galleryNo).enrolments === 0) {
    throw new KithError({
      kind: 'gallery-not-ready',
      galleryKind: gallery.kind,
      byReference: true,
      message: `The gallery "${gallery.galleryId}" is empty.`,
    });
  }
  const [probe] = (await openProbes(deps, gallery.tenantId, [input.probeId])) as [Probe];
  requireSameModel(probe, {
    recognitionModel: gallery.recognitionModel,
    packId: packFor(deps, gallery.recognitionModel).packId,
  });
  const [answer] = await identifyTemplates(deps, gallery, {
    vectors: [probe.template.vector],
    probeIds: [probe.probeId],
    maxCandidates: input.maxFaces,
    minConfidence: input.samePersonOnly ? DEFAULT_MIN_CONFIDENCE : 0,
    ...(input.signal ? { signal: input.signal } : {}),
  });
  // In the face kinds each face stands for itself, as a person of one enrolment with the same id.
  return (answer?.candidates ?? []).map(({ personId, confidence }) => ({ faceId: personId, confidence }));
}
