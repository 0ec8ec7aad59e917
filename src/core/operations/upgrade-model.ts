// Another model for a gallery that keeps pictures: each face is read anew from its picture. Until all are, the gallery
// answers by the old model; then it changes over at once.
import { audited, auditedGallery } from '../audited.ts';
import { invalidArgument, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { EnrolmentToUpgrade, ModelSwitch, StagedTemplate } from '../storage/model-upgrades.ts';
import type { Face, Gallery } from '../types.ts';

/** Faces kept at once: a crash costs the reading of so many. */
const PAGE = 20;
/** A face enrolled while the last ones were read needs another look; more rounds than that, and something is wrong. */
const MAX_ROUNDS = 20;

export interface ModelUpgrade {
  readonly gallery: Gallery;
  /** Name of the new model, of another pack than the gallery's. */
  readonly recognitionModel: string;
  /** Erase faces that can't be read anew, because no picture is kept or none is found in it, instead of refusing. */
  readonly dropWithoutPhoto: boolean;
  readonly photosAtOnce: number;
  readonly signal?: AbortSignal;
  /** One more face was looked at; false when it can't be read anew. */
  readonly onRead?: (wasRead: boolean) => void;
}

export type ModelUpgraded =
  | { readonly outcome: 'changed'; readonly upgraded: number; readonly dropped: number }
  /** What was read is kept: the next run goes on where this one stopped. */
  | { readonly outcome: 'interrupted'; readonly read: number }
  | {
      readonly outcome: 'faces-left';
      readonly read: number;
      readonly without: readonly Pick<EnrolmentToUpgrade, 'personId' | 'enrolmentId'>[];
    };

type UpgradeDeps = Pick<
  Deps,
  'store' | 'vault' | 'engine' | 'follower' | 'erasureLedger' | 'clock' | 'recognitionModels'
> &
  Acting;

/** Can be stopped at any moment, and goes on where it was. */
export async function upgradeModel(deps: UpgradeDeps, upgrade: ModelUpgrade): Promise<ModelUpgraded> {
  const { gallery, recognitionModel, dropWithoutPhoto, signal } = upgrade;
  const { packId } = packFor(deps, recognitionModel);
  if (recognitionModel === gallery.recognitionModel) {
    throw invalidArgument('recognitionModel', 'out-of-range', `The gallery is of "${recognitionModel}" already.`);
  }
  let read = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const without: EnrolmentToUpgrade[] = [];
    let afterEnrolmentNo = 0;
    for (;;) {
      const page = await deps.store.enrolmentsToUpgrade(gallery, packId, { afterEnrolmentNo, limit: PAGE });
      const last = page.at(-1);
      if (!last) break;
      const staged = await readAnew(deps, page, upgrade);
      await deps.store.stageTemplates(gallery, packId, staged);
      read += staged.length;
      if (signal?.aborted) return { outcome: 'interrupted', read };
      const done = new Set(staged.map(({ enrolmentNo }) => enrolmentNo));
      without.push(...page.filter(({ enrolmentNo }) => !done.has(enrolmentNo)));
      afterEnrolmentNo = last.enrolmentNo;
    }
    if (without.length > 0 && !dropWithoutPhoto) {
      return {
        outcome: 'faces-left',
        read,
        without: without.map(({ personId, enrolmentId }) => ({ personId, enrolmentId })),
      };
    }
    const dropEnrolmentNos = without.map(({ enrolmentNo }) => enrolmentNo);
    const changed = await changeOver(deps, gallery, { recognitionModel, packId, dropEnrolmentNos });
    if (changed) return { outcome: 'changed', ...changed };
  }
  throw new Error('faces are enrolled faster than they can be read anew');
}

/** Undefined when faces came meanwhile that nobody has looked at. */
async function changeOver(
  deps: UpgradeDeps,
  gallery: Gallery,
  to: Omit<ModelSwitch, 'nowMs'>,
): Promise<{ readonly upgraded: number; readonly dropped: number } | undefined> {
  const deed = { action: 'gallery-change', gallery: auditedGallery(gallery), packId: to.packId } as const;
  const countsOf = (counts: { readonly upgraded: number; readonly dropped: number }) => counts;
  try {
    return await audited(deps, { ...deed, countsOf }, async () => {
      const counts = await deps.store.switchModel(gallery, { ...to, nowMs: deps.clock.nowMs() });
      await settleErasure(deps);
      return counts;
    });
  } catch (error) {
    if (error instanceof KithError && error.problem.kind === 'conflict') return undefined;
    throw error;
  }
}

/** Templates of those whose picture shows a face; the others are left out. */
async function readAnew(
  deps: UpgradeDeps,
  page: readonly EnrolmentToUpgrade[],
  { gallery, recognitionModel, photosAtOnce, signal, onRead }: ModelUpgrade,
): Promise<readonly StagedTemplate[]> {
  const { packId } = packFor(deps, recognitionModel);
  const staged: StagedTemplate[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < page.length && !signal?.aborted; i = next++) {
      const { enrolmentNo, wrappedKey, sealedPhoto } = page[i] as EnrolmentToUpgrade;
      const photo = sealedPhoto && deps.vault.openPhoto(gallery.tenantId, wrappedKey, sealedPhoto);
      const face = photo && (await readLargestFace(deps, photo, packId));
      onRead?.(face?.template !== undefined);
      if (!face?.template) continue;
      const sealedTemplate = deps.vault.sealTemplate(gallery.tenantId, wrappedKey, face.template.vector);
      staged.push({ enrolmentNo, wrappedKey, sealedTemplate });
    }
  };
  await Promise.all(Array.from({ length: photosAtOnce }, lane));
  return staged;
}

/** A kept picture shows one face whole: others in it were painted over. */
async function readLargestFace(
  deps: Pick<Deps, 'engine'>,
  photo: Uint8Array,
  packId: string,
): Promise<Face | undefined> {
  try {
    const analysed = await deps.engine.analyse(photo, { packId, maxFaces: 1, measure: false, embed: true });
    return analysed.faces[0];
  } catch (error) {
    if (error instanceof KithError && error.problem.kind === 'image-unusable') return undefined;
    throw error;
  }
}
