// Another model for a gallery that keeps pictures: each face is read anew from its picture. Until all are, the gallery
// answers by the old model; then it changes over at once.
import { audited, auditedGallery } from '../audited.ts';
import { invalidArgument, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import { MAX_FACES_PER_IMAGE } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { EnrolmentToUpgrade, ModelSwitch, StagedTemplate } from '../storage/model-upgrades.ts';
import type { Box, Face, Gallery, ModelPack, Template } from '../types.ts';

/** Faces kept at once: a crash costs the reading of so many. */
const PAGE = 20;
/** A face enrolled while the last ones were read needs another look; more rounds than that, and something is wrong. */
const MAX_ROUNDS = 20;

export interface ModelUpgrade {
  readonly gallery: Gallery;
  /** Name of the new model, of another pack than the gallery's. */
  readonly recognitionModel: string;
  /** Erase faces that can't be read anew, because no picture is kept or it shows no face that is theirs, instead of refusing. */
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
      await deps.store.stageTemplates(gallery, { packId, transformKey: gallery.transformKey }, staged);
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

/** Templates of those whose picture shows the face that is enrolled; the others are left out. */
async function readAnew(
  deps: UpgradeDeps,
  page: readonly EnrolmentToUpgrade[],
  { gallery, recognitionModel, photosAtOnce, signal, onRead }: ModelUpgrade,
): Promise<readonly StagedTemplate[]> {
  const { packId } = packFor(deps, recognitionModel);
  const oldPack = packFor(deps, gallery.recognitionModel);
  const enrolled = await deps.store.getSealedEnrolments(page.map(({ enrolmentNo }) => enrolmentNo));
  const sealedOf = new Map(enrolled.map((enrolment) => [enrolment.enrolmentNo, enrolment]));
  const staged: StagedTemplate[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < page.length && !signal?.aborted; i = next++) {
      const { enrolmentNo, wrappedKey, sealedPhoto } = page[i] as EnrolmentToUpgrade;
      const old = sealedOf.get(enrolmentNo);
      const template =
        sealedPhoto &&
        old &&
        (await readEnrolledFace(deps, deps.vault.openPhoto(gallery.tenantId, wrappedKey, sealedPhoto), {
          enrolled: deps.vault.turnBack(
            gallery.tenantId,
            gallery.transformKey,
            deps.vault.openTemplate(gallery.tenantId, old.wrappedKey, old.sealedTemplate),
          ),
          oldPack,
          packId,
        }));
      onRead?.(template !== undefined);
      if (!template) continue;
      const sealedTemplate = deps.vault.sealTemplate(
        gallery.tenantId,
        wrappedKey,
        deps.vault.turn(gallery.tenantId, gallery.transformKey, template.vector),
      );
      staged.push({ enrolmentNo, wrappedKey, sealedTemplate });
    }
  };
  await Promise.all(Array.from({ length: photosAtOnce }, lane));
  return staged;
}

/**
 * The new template of the face in the picture that the old model knows again as the enrolled one; undefined where it
 * knows none. Of 1,549 kept pictures (benchmarks/kept-pictures.ts) it knew 1,548 at .9 and more; in the last one the face
 * that is found is a mixture of two, and would have been another person's ever after.
 */
async function readEnrolledFace(
  deps: Pick<Deps, 'engine'>,
  photo: Uint8Array,
  known: { readonly enrolled: Float32Array; readonly oldPack: ModelPack; readonly packId: string },
): Promise<Template | undefined> {
  const { enrolled, oldPack, packId } = known;
  const options = { maxFaces: MAX_FACES_PER_IMAGE, measure: false, embed: true };
  try {
    const before = await deps.engine.analyse(photo, { ...options, packId: oldPack.packId });
    let closest: Face | undefined;
    let closestScore = oldPack.calibration.midpointScore;
    for (const face of before.faces) {
      const score = face.template ? cosine(face.template.vector, enrolled) : -1;
      if (score < closestScore) continue;
      closest = face;
      closestScore = score;
    }
    if (!closest) return undefined;
    const { faces } = await deps.engine.analyse(photo, { ...options, packId });
    return nearestTo(closest.box, faces)?.template;
  } catch (error) {
    if (error instanceof KithError && error.problem.kind === 'image-unusable') return undefined;
    throw error;
  }
}

/** Both models see the same boxes; the order alone is not to be relied on. */
function nearestTo(box: Box, faces: readonly Face[]): Face | undefined {
  const distance = (other: Box): number =>
    Math.hypot(
      other.leftPx - box.leftPx + (other.widthPx - box.widthPx) / 2,
      other.topPx - box.topPx + (other.heightPx - box.heightPx) / 2,
    );
  return [...faces].sort((a, b) => distance(a.box) - distance(b.box))[0];
}

/** Of unit vectors. */
function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
