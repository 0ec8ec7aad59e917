import { packFor } from '../checks.ts';
import { decide, decisionRule, type Outcome, strangerRate } from '../decide.ts';
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

type CompareDeps = Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'>;

interface ComparedProbes {
  readonly tenantId: string;
  readonly probeId: string;
  readonly amongProbeIds: readonly string[];
}

/** The probes most like a probe, best first; equal ones in the order of their ids. */
export async function findSimilarProbes(
  deps: CompareDeps,
  input: FindSimilarOptions & ComparedProbes,
): Promise<readonly SimilarFace[]> {
  const { scores, calibration } = await compareProbes(deps, input);
  return scores
    .map(({ probeId, score }) => ({ faceId: probeId, confidence: confidenceOf(score, calibration) }))
    .filter(({ confidence }) => !input.samePersonOnly || confidence >= DEFAULT_MIN_CONFIDENCE)
    .slice(0, input.maxFaces);
}

export interface RankedProbe {
  readonly probeId: string;
  readonly outcome: Outcome;
  /** 0.5 at the threshold of a search among as many. */
  readonly confidence: number;
  readonly score: number;
  /** Share of strangers, 0..1, of whom one among as many comes this close. */
  readonly strangerRate: number;
}

/** All probes but the one itself, the most alike first, each judged as in a search among as many people. */
export async function rankProbes(
  deps: CompareDeps,
  input: ComparedProbes & { readonly maxFaces: number },
): Promise<{ readonly compared: number; readonly faces: readonly RankedProbe[] }> {
  const amongProbeIds = [...new Set(input.amongProbeIds)].filter((probeId) => probeId !== input.probeId);
  const { scores, calibration } = await compareProbes(deps, { ...input, amongProbeIds });
  const compared = scores.length;
  const size = { persons: compared, enrolments: compared };
  const rule = decisionRule(calibration, { ...size, targetFpir: undefined, ownTail: undefined });
  const faces = scores.slice(0, input.maxFaces).map(({ probeId, score }) => ({
    probeId,
    // Several pictures of one person are what is looked for: a close second is no doubt here
    outcome: decide([score], rule, calibration),
    confidence: confidenceOf(score, calibration, rule.thresholdScore),
    score,
    strangerRate: strangerRate(rule, score),
  }));
  return { compared, faces };
}

async function compareProbes(deps: CompareDeps, input: ComparedProbes) {
  const [probe] = (await openProbes(deps, input.tenantId, [input.probeId])) as [Probe];
  const others = await openProbes(deps, input.tenantId, input.amongProbeIds);
  for (const other of others) {
    requireSameModel(probe, { recognitionModel: other.recognitionModel, packId: other.template.packId });
  }
  const { calibration } = packFor(deps, probe.recognitionModel);
  const scores = others
    .map(({ probeId, template }) => ({ probeId, score: compareTemplates(probe.template, template) }))
    .sort((a, b) => b.score - a.score || (a.probeId < b.probeId ? -1 : 1));
  return { scores, calibration };
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
  if ((await deps.index.size(gallery.galleryNo)).enrolments === 0) {
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
