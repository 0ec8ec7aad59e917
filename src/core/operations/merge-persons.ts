// One person enrolled twice becomes one, and two made one by mistake become two again. Templates and pictures are sealed
// under a key a person: they are opened under the old owner's and sealed under the new one's.
import { audited, auditedGallery } from '../audited.ts';
import { invalidArgument } from '../checks.ts';
import { MAX_ENROLMENTS_PER_PERSON, MERGE_KEPT_MS } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import { againIfRekeyed } from '../rekeyed.ts';
import type { Merge, ResealedEnrolment, SealedUnder } from '../storage/merges.ts';
import type { GalleryRef } from '../types.ts';
import { endExpiredConsents } from './manage-consents.ts';

type MergeDeps = Pick<Deps, 'store' | 'vault' | 'follower' | 'clock' | 'newId' | 'auditLog'> & Acting;

/** Gives all faces of `fromPersonId` to `intoPersonId`, who keeps id, name and user data. It can be undone for 30 days. */
export async function mergePersons(
  deps: MergeDeps,
  gallery: GalleryRef,
  { fromPersonId, intoPersonId }: Pick<Merge, 'fromPersonId' | 'intoPersonId'>,
): Promise<Merge> {
  requireTwo(fromPersonId, intoPersonId);
  const { name: fromName } = await deps.store.getPerson(gallery, fromPersonId);
  const merge = { mergeId: deps.newId(), fromPersonId, intoPersonId, mergedMs: deps.clock.nowMs() };
  const personIds = [intoPersonId, fromPersonId];
  await endExpiredConsents(deps);
  await audited(deps, { action: 'person-merge', gallery: auditedGallery(gallery), personIds }, async () => {
    const wanted = { fromPersonId, toPersonId: intoPersonId };
    const limits = { maxEnrolments: MAX_ENROLMENTS_PER_PERSON };
    await againIfRekeyed(async () => {
      const { keys, enrolments } = await resealBetween(deps, gallery, wanted);
      await deps.store.mergePersons(gallery, { ...merge, ...wanted, ...keys, ...limits, enrolments });
    });
    await deps.follower.catchUp();
  });
  return { ...merge, fromName };
}

/** Two again: the other comes back with id, name and the faces that came along and are still there. */
export async function undoMerge(deps: MergeDeps, gallery: GalleryRef, mergeId: string): Promise<Merge> {
  const merge = await deps.store.getMerge(gallery, mergeId);
  const personIds = [merge.intoPersonId, merge.fromPersonId];
  await audited(deps, { action: 'person-unmerge', gallery: auditedGallery(gallery), personIds }, async () => {
    const owner = { gallery, personId: merge.intoPersonId };
    await againIfRekeyed(async () => {
      const { enrolments, fromKey, toKey, transformKey } = await deps.store.getMerge(gallery, mergeId);
      const keys = { fromKey, toKey, ...(transformKey ? { transformKey } : {}) };
      await deps.store.undoMerge(gallery, mergeId, {
        ...keys,
        enrolments: await reseal(deps, owner, keys, enrolments),
      });
    });
    await deps.follower.catchUp();
  });
  const { intoPersonId, fromPersonId, fromName, mergedMs } = merge;
  return { mergeId, intoPersonId, fromPersonId, fromName, mergedMs };
}

/** Those that can be undone; latest first. */
export function listMerges(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  intoPersonId: string,
): Promise<readonly Merge[]> {
  return deps.store.listMerges(gallery, intoPersonId);
}

/** Gives faces of one person to another, who may have been made for them. */
export async function moveEnrolments(
  deps: MergeDeps,
  gallery: GalleryRef,
  move: { readonly fromPersonId: string; readonly toPersonId: string; readonly enrolmentIds: readonly string[] },
): Promise<void> {
  const { fromPersonId, toPersonId, enrolmentIds } = move;
  requireTwo(fromPersonId, toPersonId);
  // Unknown faces are told before anything is done
  for (const enrolmentId of enrolmentIds) await deps.store.getEnrolment(gallery, fromPersonId, enrolmentId);
  await endExpiredConsents(deps);
  const deed = { action: 'enrolment-move', personIds: [fromPersonId, toPersonId], enrolmentIds } as const;
  await audited(deps, { ...deed, gallery: auditedGallery(gallery) }, async () => {
    const limits = { maxEnrolments: MAX_ENROLMENTS_PER_PERSON };
    await againIfRekeyed(async () => {
      const { keys, enrolments } = await resealBetween(deps, gallery, move);
      await deps.store.moveEnrolments(gallery, { fromPersonId, toPersonId, ...keys, ...limits, enrolments });
    });
    await deps.follower.catchUp();
  });
}

/** Erases what undoing needs once its time is over. */
export async function sweepMerges(deps: Pick<Deps, 'store' | 'clock'>): Promise<void> {
  await deps.store.sweepMerges(deps.clock.nowMs() - MERGE_KEPT_MS);
}

function requireTwo(fromPersonId: string, toPersonId: string): void {
  if (fromPersonId !== toPersonId) return;
  throw invalidArgument('personId', 'out-of-range', 'It takes two different people.');
}

/** All faces of a person, or those named. */
async function resealBetween(
  deps: MergeDeps,
  gallery: GalleryRef,
  move: { readonly fromPersonId: string; readonly toPersonId: string; readonly enrolmentIds?: readonly string[] },
): Promise<{ readonly keys: SealedUnder; readonly enrolments: readonly ResealedEnrolment[] }> {
  const { fromPersonId, toPersonId, enrolmentIds } = move;
  const { wrappedKey: fromKey, transformKey } = await deps.store.getPersonKey(gallery, fromPersonId);
  const { wrappedKey: toKey } = await deps.store.getPersonKey(gallery, toPersonId);
  const all = await deps.store.listEnrolments(gallery, fromPersonId);
  const wanted = enrolmentIds ? all.filter(({ enrolmentId }) => enrolmentIds.includes(enrolmentId)) : all;
  const keys = { fromKey, toKey, ...(transformKey ? { transformKey } : {}) };
  return { keys, enrolments: await reseal(deps, { gallery, personId: fromPersonId }, keys, wanted) };
}

async function reseal(
  deps: Pick<Deps, 'store' | 'vault'>,
  { gallery, personId }: { readonly gallery: GalleryRef; readonly personId: string },
  { fromKey, toKey }: SealedUnder,
  enrolments: readonly { readonly enrolmentNo: number; readonly enrolmentId: string }[],
): Promise<readonly ResealedEnrolment[]> {
  const { tenantId } = gallery;
  const { vault } = deps;
  const sealed = await deps.store.sealedEnrolmentsOf(gallery, personId, { evenSuspended: true });
  const templates = new Map(sealed.map(({ enrolmentNo, sealedTemplate }) => [enrolmentNo, sealedTemplate]));
  const resealed: ResealedEnrolment[] = [];
  for (const { enrolmentNo, enrolmentId } of enrolments) {
    const template = templates.get(enrolmentNo);
    // Erased meanwhile: the store refuses the move when it was one of those that had to come along
    if (!template) continue;
    const photo = await deps.store.findEnrolmentPhoto(gallery, personId, enrolmentId);
    resealed.push({
      enrolmentNo,
      sealedTemplate: vault.sealTemplate(tenantId, toKey, vault.openTemplate(tenantId, fromKey, template)),
      ...(photo && {
        sealedPhoto: vault.sealPhoto(tenantId, toKey, vault.openPhoto(tenantId, fromKey, photo.sealedPhoto)),
      }),
    });
  }
  return resealed;
}
