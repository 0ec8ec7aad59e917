import { packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { getReferredGallery } from '../galleries.ts';
import type { Deps } from '../ports.ts';
import { openProbes, requireSameModel } from '../probes.ts';
import { compareTemplates, confidenceOf } from '../score.ts';
import type { GalleryRef, Probe, Template } from '../types.ts';

export interface Verification {
  readonly score: number;
  readonly confidence: number;
  /** True at a confidence of 0.5 or more. */
  readonly samePerson: boolean;
}

type VerifyDeps = Pick<Deps, 'store' | 'vault' | 'clock' | 'engine' | 'recognitionModels'>;

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
  return judge(deps, a.recognitionModel, compareTemplates(a.template, b.template));
}

/** Is the probe this person? The best of the person's enrolments speaks. Needs no training. */
export async function verifyPerson(
  deps: VerifyDeps,
  input: { readonly gallery: GalleryRef; readonly personId: string; readonly probeId: string },
): Promise<Verification> {
  const { tenantId } = input.gallery;
  const gallery = await getReferredGallery(deps, input.gallery);
  const [probe] = (await openProbes(deps, tenantId, [input.probeId])) as [Probe];
  const enrolments = await deps.store.sealedEnrolmentsOf(input.gallery, input.personId);
  if (enrolments.length === 0) {
    throw new KithError({ kind: 'not-found', resource: 'enrolment', id: input.personId, byReference: true });
  }
  requireSameModel(probe, {
    recognitionModel: gallery.recognitionModel,
    packId: packFor(deps, gallery.recognitionModel).packId,
  });
  const scores = enrolments.map((enrolment) =>
    compareTemplates(probe.template, {
      packId: enrolment.packId,
      vector: deps.vault.openTemplate(tenantId, enrolment.wrappedKey, enrolment.sealedTemplate),
    }),
  );
  return judge(deps, gallery.recognitionModel, Math.max(...scores));
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
