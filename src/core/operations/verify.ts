import type { AuditEventOf } from '../audit-types.ts';
import { auditedGallery } from '../audited.ts';
import { packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { getReferredGallery } from '../galleries.ts';
import type { Acting, Deps } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { compareTemplates, confidenceOf } from '../score.ts';
import type { GalleryRef, Probe, Template } from '../types.ts';
import { endExpiredConsents } from './manage-consents.ts';

export interface Verification {
  readonly score: number;
  readonly confidence: number;
  /** True at a confidence of 0.5 or more. */
  readonly samePerson: boolean;
}

type VerifyDeps = Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'> & Acting;

export type PersonVerifyDeps = VerifyDeps & Pick<Deps, 'follower' | 'uses' | 'auditLog'>;

/** Are two templates of one pack of one person? */
export function verifyTemplates(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  pair: { readonly a: Template; readonly b: Template; readonly recognitionModel: string },
): Verification {
  return judge(deps, pair.recognitionModel, compareTemplates(pair.a, pair.b));
}

export async function verifyProbes(
  deps: VerifyDeps,
  input: { readonly tenantId: string; readonly probeIds: readonly [string, string] },
): Promise<Verification> {
  const [a, b] = (await openProbes(deps, input.tenantId, input.probeIds)) as [Probe, Probe];
  requireSameModel(a, { recognitionModel: b.recognitionModel, packId: b.template.packId });
  const verification = judge(deps, a.recognitionModel, compareTemplates(a.template, b.template));
  await record(deps, a.recognitionModel, { probeIds: input.probeIds, score: verification.score });
  return verification;
}

/** Is the probe this person? The best of the person's enrolments speaks. Needs no training. */
export async function verifyPerson(
  deps: PersonVerifyDeps,
  input: { readonly gallery: GalleryRef; readonly personId: string; readonly probeId: string },
): Promise<Verification> {
  const { tenantId } = input.gallery;
  const gallery = await getReferredGallery(deps, input.gallery);
  const [probe] = (await openProbes(deps, tenantId, [input.probeId])) as [Probe];
  await endExpiredConsents(deps);
  const enrolments = await deps.store.sealedEnrolmentsOf(input.gallery, input.personId);
  if (enrolments.length === 0) {
    throw new KithError({ kind: 'not-found', resource: 'enrolment', id: input.personId, byReference: true });
  }
  requireSameModel(probe, {
    recognitionModel: gallery.recognitionModel,
    packId: packFor(deps, gallery.recognitionModel).packId,
  });
  const { packId, vector } = probe.template;
  const turned = { packId, vector: deps.vault.turn(tenantId, gallery.transformKey, vector) };
  const scores = enrolments.map((enrolment) =>
    compareTemplates(turned, {
      packId: enrolment.packId,
      vector: deps.vault.openTemplate(tenantId, enrolment.wrappedKey, enrolment.sealedTemplate),
    }),
  );
  const verification = judge(deps, gallery.recognitionModel, Math.max(...scores));
  await record(deps, gallery.recognitionModel, {
    gallery: auditedGallery(gallery),
    personIds: [input.personId],
    probeIds: [input.probeId],
    score: verification.score,
  });
  if (verification.samePerson) deps.uses.note(enrolments.slice(0, 1).map(({ personNo }) => personNo));
  return verification;
}

/** Before anybody gets the answer. */
async function record(
  deps: Pick<Deps, 'engine' | 'recognitionModels'> & Acting,
  recognitionModel: string,
  compared: Pick<AuditEventOf<'verify'>, 'gallery' | 'personIds' | 'probeIds' | 'score'>,
): Promise<void> {
  const { packId, calibration } = packFor(deps, recognitionModel);
  const rule = { recognitionModel, packId, thresholdScore: calibration.midpointScore };
  await deps.audit.record({ action: 'verify', outcome: 'done', ...rule, ...compared });
}

function judge(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  recognitionModel: string,
  score: number,
): Verification {
  const { calibration } = packFor(deps, recognitionModel);
  const confidence = confidenceOf(score, calibration);
  return { score, confidence, samePerson: score >= calibration.midpointScore };
}
