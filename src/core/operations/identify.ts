import { packFor } from '../checks.ts';
import { type DecisionRule, decide, decisionRule, type Outcome } from '../decide.ts';
import { getReferredGallery, requireTrained } from '../galleries.ts';
import type { Deps, SearchResult } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { confidenceOf, scoreOf } from '../score.ts';
import type { Calibration, Candidate, Gallery, GalleryRef } from '../types.ts';

export interface IdentifyOptions {
  readonly maxCandidates: number;
  /**
   * Candidates below this confidence, 0..1, are left out; 0.5 is the threshold of this gallery at its size.
   * `review` keeps those that are worth a question too.
   */
  readonly minConfidence: number | 'review';
}

export interface Identification {
  readonly outcome: Outcome;
  /** One a person, best first; empty when nobody passes. */
  readonly candidates: readonly Candidate[];
  readonly search: DecisionRule & {
    readonly enrolmentsSearched: number;
    readonly exact: boolean;
    /** Measured share of mated searches that this way of searching answers as the exact scan does. */
    readonly recall: number;
    readonly packId: string;
  };
}

type SearchDeps = Pick<Deps, 'store' | 'index' | 'engine' | 'recognitionModels'>;

/** Who in the gallery is it? One answer a vector, in their order; vectors are unit templates of the gallery's pack. */
export async function identifyTemplates(
  deps: SearchDeps,
  gallery: Gallery,
  probe: IdentifyOptions & { readonly vectors: readonly Float32Array[]; readonly signal?: AbortSignal },
): Promise<readonly Identification[]> {
  const pack = packFor(deps, gallery.recognitionModel);
  const rule = decisionRule(pack.calibration, {
    ...deps.index.size(gallery.galleryNo),
    targetFpir: gallery.targetFpir,
    ownTail: gallery.tail?.curve,
  });
  const minScore =
    probe.minConfidence === 'review'
      ? rule.reviewScore
      : Math.max(-1, scoreOf(probe.minConfidence, pack.calibration, rule.thresholdScore));
  return Promise.all(
    probe.vectors.map(async (vector) => {
      // One more than asked for: the margin to the runner-up is part of the decision.
      const query = { vector, maxPersons: Math.max(2, probe.maxCandidates), minScore };
      const result = await deps.index.search(gallery.galleryNo, query, probe.signal);
      const candidates = await nameHits(deps, gallery, { result, calibration: pack.calibration, rule });
      return {
        outcome: decide(
          candidates.map(({ score }) => score),
          rule,
          pack.calibration,
        ),
        candidates: candidates.slice(0, probe.maxCandidates),
        search: {
          ...rule,
          enrolmentsSearched: result.searched,
          exact: result.exact,
          recall: result.recall,
          packId: pack.packId,
        },
      };
    }),
  );
}

/** Numbers become persons; what was erased since the search began is left out. */
async function nameHits(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  found: { readonly result: SearchResult; readonly calibration: Calibration; readonly rule: DecisionRule },
): Promise<readonly Candidate[]> {
  const { hits } = found.result;
  const names = await deps.store.resolveEnrolments(
    gallery,
    hits.map((hit) => hit.enrolmentNo),
  );
  return hits.flatMap(({ enrolmentNo, score }) => {
    const named = names.get(enrolmentNo);
    return named
      ? [{ ...named, score, confidence: confidenceOf(score, found.calibration, found.rule.thresholdScore) }]
      : [];
  });
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
