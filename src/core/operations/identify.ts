import { packFor } from '../checks.ts';
import { getReferredGallery, requireTrained } from '../galleries.ts';
import type { Deps, SearchResult } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { confidenceOf, scoreOf } from '../score.ts';
import type { Calibration, Candidate, Gallery, GalleryRef } from '../types.ts';

export interface IdentifyOptions {
  readonly maxCandidates: number;
  /** Candidates below this confidence, 0..1, are left out. */
  readonly minConfidence: number;
}

export interface Identification {
  /** One a person, best first; empty when nobody passes. */
  readonly candidates: readonly Candidate[];
  readonly search: {
    readonly enrolmentsSearched: number;
    readonly exact: boolean;
    readonly recall: number;
    readonly thresholdScore: number;
  };
}

type SearchDeps = Pick<Deps, 'store' | 'index' | 'engine' | 'recognitionModels'>;

/** Who in the gallery is it? One answer a vector, in their order; vectors are unit templates of the gallery's pack. */
export async function identifyTemplates(
  deps: SearchDeps,
  gallery: Gallery,
  probe: IdentifyOptions & { readonly vectors: readonly Float32Array[]; readonly signal?: AbortSignal },
): Promise<readonly Identification[]> {
  const { calibration } = packFor(deps, gallery.recognitionModel);
  const thresholdScore = Math.max(-1, scoreOf(probe.minConfidence, calibration));
  const results = await Promise.all(
    probe.vectors.map((vector) =>
      deps.index.search(
        gallery.galleryNo,
        { vector, maxPersons: probe.maxCandidates, minScore: thresholdScore },
        probe.signal,
      ),
    ),
  );
  return Promise.all(results.map((result) => nameHits(deps, gallery, { result, calibration, thresholdScore })));
}

/** Numbers become persons; what was erased since the search began is left out. */
async function nameHits(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  found: { readonly result: SearchResult; readonly calibration: Calibration; readonly thresholdScore: number },
): Promise<Identification> {
  const { result, calibration, thresholdScore } = found;
  const names = await deps.store.resolveEnrolments(
    gallery,
    result.hits.map((hit) => hit.enrolmentNo),
  );
  const candidates = result.hits.flatMap((hit) => {
    const named = names.get(hit.enrolmentNo);
    return named ? [{ ...named, score: hit.score, confidence: confidenceOf(hit.score, calibration) }] : [];
  });
  return {
    candidates,
    search: { enrolmentsSearched: result.searched, exact: result.exact, recall: result.recall, thresholdScore },
  };
}

export interface IdentifyProbesInput extends IdentifyOptions {
  readonly gallery: GalleryRef;
  readonly probeIds: readonly string[];
  /** True where the caller expects a gallery to be trained before it answers. */
  readonly mustBeTrained: boolean;
  readonly signal?: AbortSignal;
}

/** One answer a probe, in their order. */
export async function identifyProbes(
  deps: SearchDeps & Pick<Deps, 'vault' | 'clock'>,
  input: IdentifyProbesInput,
): Promise<readonly (Identification & { readonly probeId: string })[]> {
  const gallery = await getReferredGallery(deps, input.gallery);
  if (input.mustBeTrained) requireTrained(gallery, true);
  const probes = await openProbes(deps, input.gallery.tenantId, input.probeIds);
  const { packId } = packFor(deps, gallery.recognitionModel);
  for (const probe of probes) requireSameModel(probe, { recognitionModel: gallery.recognitionModel, packId });

  const { maxCandidates, minConfidence, signal } = input;
  const answers = await identifyTemplates(deps, gallery, {
    vectors: probes.map((probe) => probe.template.vector),
    maxCandidates,
    minConfidence,
    ...(signal ? { signal } : {}),
  });
  return probes.map((probe, i) => ({ probeId: probe.probeId, ...(answers[i] as Identification) }));
}
