import type { AuditRef } from '../audit-types.ts';
import { auditedGallery } from '../audited.ts';
import { packFor } from '../checks.ts';
import { type DecisionRule, decide, decisionRule, type Outcome, strangerRate } from '../decide.ts';
import { getReferredGallery, requireTrained } from '../galleries.ts';
import type { Acting, Deps } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { rankPersons } from '../rank-persons.ts';
import { confidenceOf, scoreOf } from '../score.ts';
import type { Candidate, Gallery, GalleryRef } from '../types.ts';
import { endExpiredConsents } from './manage-consents.ts';

export interface IdentifyOptions {
  readonly maxCandidates: number;
  /**
   * Candidates below this confidence, 0..1, are left out; 0.5 is the threshold of this gallery at its size.
   * `review` keeps those that are worth a question too.
   */
  readonly minConfidence: number | 'review';
  /** Only these persons are searched, and the threshold is that of a gallery of so many; absent searches all. */
  readonly allowPersonNos?: Uint32Array;
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
    /** Where it is on record. */
    readonly record: AuditRef;
  };
}

export type SearchDeps = Pick<
  Deps,
  'store' | 'vault' | 'index' | 'follower' | 'uses' | 'engine' | 'recognitionModels' | 'clock' | 'auditLog'
> &
  Acting;

/** An index that has not followed a change of the model by then is out of order in other ways. */
const TEMPLATES_CHANGE_MS = 120_000;

/**
 * Who in the gallery is it? One answer a vector, in their order; vectors are unit templates of the gallery's pack. The
 * answer is on record, with whom it names, before anybody gets it.
 */
export async function identifyTemplates(
  deps: SearchDeps,
  gallery: Gallery,
  probe: IdentifyOptions & {
    readonly vectors: readonly Float32Array[];
    /** Of the vectors; absent for faces that came with the request and are not kept. */
    readonly probeIds?: readonly string[];
    readonly signal?: AbortSignal;
  },
): Promise<readonly Identification[]> {
  await endExpiredConsents(deps);
  const pack = packFor(deps, gallery.recognitionModel);
  // Another process may have changed the model: what is searched with and what is searched have to be of one
  if (deps.clock.nowMs() - (gallery.templatesChangedMs ?? -TEMPLATES_CHANGE_MS) < TEMPLATES_CHANGE_MS)
    await deps.follower.catchUp();
  const rule = decisionRule(pack.calibration, {
    ...searchedSize(await deps.index.size(gallery.galleryNo), probe.allowPersonNos),
    targetFpir: gallery.targetFpir,
    ownTail: gallery.tail?.curve,
  });
  const minScore =
    probe.minConfidence === 'review'
      ? rule.reviewScore
      : Math.max(-1, scoreOf(probe.minConfidence, pack.calibration, rule.thresholdScore));
  const found: number[] = [];
  const turned = probe.vectors.map((vector) => deps.vault.turn(gallery.tenantId, gallery.transformKey, vector));
  const answers = await Promise.all(
    turned.map(async (vector) => {
      // One more than asked for: the margin to the runner-up is part of the decision.
      const ranking = await rankPersons(deps, gallery, {
        vector,
        maxPersons: Math.max(2, probe.maxCandidates),
        minScore,
        ...(probe.allowPersonNos ? { allowPersonNos: probe.allowPersonNos } : {}),
        signal: probe.signal,
      });
      const { persons } = ranking;
      found.push(...persons.filter(({ score }) => score >= rule.thresholdScore).map(({ personNo }) => personNo));
      return {
        outcome: decide(
          persons.map(({ score }) => score),
          rule,
          pack.calibration,
        ),
        candidates: persons.slice(0, probe.maxCandidates).map(({ personNo: _, ...person }) => ({
          ...person,
          confidence: confidenceOf(person.score, pack.calibration, rule.thresholdScore),
          strangerRate: strangerRate(rule, person.score),
        })),
        search: {
          ...rule,
          enrolmentsSearched: ranking.enrolmentsSearched,
          exact: ranking.exact,
          recall: ranking.recall,
          packId: pack.packId,
        },
      };
    }),
  );
  const now = await deps.store.findGallery(gallery);
  // Given new keys, or templates, while it was searched: what was compared doesn't belong together
  if (now && now.templatesChangedMs !== gallery.templatesChangedMs) return identifyTemplates(deps, now, probe);
  const record = await deps.audit.record({
    action: 'search',
    outcome: 'done',
    gallery: auditedGallery(gallery),
    recognitionModel: gallery.recognitionModel,
    packId: pack.packId,
    // A confidence of 1 asks for more than any score is
    thresholdScore: Math.min(1, minScore),
    searches: answers.map(({ candidates }, i) => {
      const probeId = probe.probeIds?.[i];
      return {
        ...(probeId === undefined ? {} : { probeId }),
        candidates: candidates.map(({ personId, score }) => ({ personId, score })),
      };
    }),
  });
  deps.uses.note(found);
  return answers.map((answer) => ({ ...answer, search: { ...answer.search, record } }));
}

function searchedSize(
  all: { readonly persons: number; readonly enrolments: number },
  allowPersonNos: Uint32Array | undefined,
): { readonly persons: number; readonly enrolments: number } {
  if (!allowPersonNos || all.persons === 0) return all;
  const persons = Math.min(all.persons, allowPersonNos.length);
  return { persons, enrolments: (all.enrolments * persons) / all.persons };
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
  deps: SearchDeps,
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
    probeIds: input.probeIds,
    maxCandidates,
    minConfidence,
    ...(signal ? { signal } : {}),
  });
  return probes.map((probe, i) => ({ probeId: probe.probeId, ...(answers[i] as Identification) }));
}
