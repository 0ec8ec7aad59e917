// Copies of galleries as they were, to make them anew. Templates stay sealed as they are.

import { audited, auditedGallery } from '../audited.ts';
import { checkGalleryId, checkUserData, invalidArgument } from '../checks.ts';
import { KithError } from '../errors.ts';
import { SNAPSHOT_KEPT_MS } from '../limits.ts';
import { nextTurn } from '../next-turn.ts';
import type { Acting, Deps } from '../ports.ts';
import type { GalleryKind, GalleryRef, Operation, Snapshot } from '../types.ts';
import { startOperation } from './long-running.ts';

/** Persons copied before others get their turn: some 20 ms. */
const PERSONS_PER_TURN = 200;

/** Answers at once; the operation's outcome is the snapshot. Persons changed meanwhile are copied before or after. */
export async function takeSnapshot(
  deps: Pick<Deps, 'store' | 'clock' | 'newId'> & Acting,
  of: GalleryRef,
  settings: { readonly applyScope: readonly string[]; readonly userData?: string },
): Promise<Operation> {
  checkUserData(settings.userData);
  const snapshotId = deps.newId();
  await audited(deps, { action: 'export', gallery: auditedGallery(of) }, () =>
    deps.store.beginSnapshot(of, { ...settings, snapshotId, createdMs: deps.clock.nowMs() }),
  );
  return startOperation(deps, of.tenantId, {
    outcome: { resource: 'snapshot', id: snapshotId },
    async work() {
      await inTurns((after) => deps.store.copyToSnapshot(of, snapshotId, pageAfter(after)));
      await deps.store.finishSnapshot(of.tenantId, snapshotId);
    },
  });
}

/** Makes a gallery anew under an id that is free; persons, faces and their ids are the same. Answers at once. */
export async function applySnapshot(
  deps: Pick<Deps, 'store' | 'clock' | 'newId' | 'follower'> & Acting,
  tenantId: string,
  wish: { readonly snapshotId: string; readonly galleryId: string },
): Promise<Operation> {
  checkGalleryId(wish.galleryId);
  const { kind, snapshotId } = await getSnapshot(deps, tenantId, wish.snapshotId);
  const to: GalleryRef = { tenantId, kind, galleryId: wish.galleryId };
  await audited(deps, { action: 'import', gallery: auditedGallery(to) }, () =>
    deps.store.createGalleryFromSnapshot(snapshotId, to, deps.clock.nowMs()),
  );
  return startOperation(deps, tenantId, {
    outcome: { resource: 'gallery', id: wish.galleryId, galleryKind: kind },
    async work() {
      await inTurns((after) => deps.store.copyFromSnapshot(snapshotId, to, pageAfter(after)));
      await deps.follower.catchUp();
    },
  });
}

async function inTurns(step: (after: string | undefined) => Promise<string | undefined>): Promise<void> {
  let after = await step(undefined);
  while (after !== undefined) {
    await nextTurn();
    after = await step(after);
  }
}

function pageAfter(after: string | undefined) {
  return { limit: PERSONS_PER_TURN, ...(after === undefined ? {} : { after }) };
}

/** not-found for one that never was, is not finished, or is past its time. */
export async function getSnapshot(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  snapshotId: string,
): Promise<Snapshot> {
  const snapshot = await deps.store.getSnapshot(tenantId, snapshotId);
  if (snapshot.createdMs + SNAPSHOT_KEPT_MS > deps.clock.nowMs()) return snapshot;
  throw new KithError({ kind: 'not-found', resource: 'snapshot', id: snapshotId });
}

/** By id; those of a kind, or meant for one of `applyScope`, when given. */
export async function listSnapshots(
  deps: Pick<Deps, 'store'>,
  tenantId: string,
  filter: { readonly kind?: GalleryKind; readonly applyScope?: readonly string[] },
): Promise<readonly Snapshot[]> {
  const all = await deps.store.listSnapshots(tenantId);
  return all.filter(
    ({ kind, applyScope }) =>
      (filter.kind === undefined || kind === filter.kind) &&
      (filter.applyScope === undefined || filter.applyScope.some((wanted) => applyScope.includes(wanted))),
  );
}

export async function updateSnapshot(
  deps: Pick<Deps, 'store' | 'clock'>,
  snapshot: { readonly tenantId: string; readonly snapshotId: string },
  patch: { readonly applyScope?: readonly string[]; readonly userData?: string },
): Promise<void> {
  if (patch.applyScope === undefined && patch.userData === undefined) {
    throw invalidArgument('applyScope', 'missing', 'A scope or user data is needed: there is nothing to change.');
  }
  checkUserData(patch.userData);
  await deps.store.updateSnapshot(snapshot.tenantId, snapshot.snapshotId, patch, deps.clock.nowMs());
}

export async function deleteSnapshot(deps: Pick<Deps, 'store'>, tenantId: string, snapshotId: string): Promise<void> {
  await deps.store.deleteSnapshot(tenantId, snapshotId);
}

/** Forgets snapshots past their time. */
export async function sweepSnapshots(deps: Pick<Deps, 'store' | 'clock'>): Promise<number> {
  return deps.store.sweepSnapshots(deps.clock.nowMs() - SNAPSHOT_KEPT_MS);
}
