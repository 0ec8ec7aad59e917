// The one way from the store to the index: the store's change feed. Writers in this process wait for it before they
// acknowledge; writes of other processes (a bulk import beside a running service) come in by the same road.
import { nextTurn } from './next-turn.ts';
import type { GalleryIndex, IndexFollower, IndexRow, Vault } from './ports.ts';
import type { Change } from './storage/changes.ts';
import type { SealedEnrolment } from './storage/enrolments.ts';
import type { Store } from './storage/store.ts';

const FEED_BATCH = 1000;
const SCAN_BATCH = 5000;
/** Templates opened before other work gets its turn: some 10 ms. */
const OPENED_PER_TURN = 800;

export interface FollowerDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly index: GalleryIndex;
  /** A template that can't be opened is left out of the search and reported, never guessed. */
  readonly onUnreadable: (enrolmentNo: number, error: unknown) => void;
  /** Called before anything is taken out of the index: copies of it elsewhere have to go first. */
  readonly beforeRemoval?: () => Promise<void>;
  /**
   * Called when changes after `changeNo` were forgotten before they were followed: brings the index to what the store has
   * by another way, and answers the number of the last change that it has then. Without it following fails there.
   */
  readonly refill?: (changeNo: number) => Promise<number>;
}

export interface StartedFollower extends IndexFollower {
  /** Changes up to this number are in the index. */
  readonly changeNo: number;
}

/** Follows the feed from a change number up to which the index is filled already; resolves when it has caught up. */
export async function resumeIndexFollower(deps: FollowerDeps, changeNo: number): Promise<StartedFollower> {
  const follower = followFeed(deps, changeNo);
  await follower.catchUp();
  return follower;
}

/** Fills an empty index from the store, reporting rows as they come, then follows the feed. */
export async function startIndexFollower(
  deps: FollowerDeps,
  onProgress: (rows: number) => void,
): Promise<StartedFollower> {
  return followFeed(deps, await fillFromStore(deps, onProgress));
}

/** Answers the number of the last change that is certainly in it. */
export async function fillFromStore(deps: FollowerDeps, onProgress: (rows: number) => void): Promise<number> {
  const changeNo = await deps.store.lastChangeNo();
  let after = 0;
  let rows = 0;
  for (;;) {
    const batch = await deps.store.scanEnrolments(after, SCAN_BATCH);
    const last = batch.at(-1);
    if (!last) return changeNo;
    await addToIndex(deps, batch, changeNo);
    after = last.enrolmentNo;
    rows += batch.length;
    onProgress(rows);
  }
}

function followFeed(deps: FollowerDeps, startNo: number): StartedFollower {
  let changeNo = startNo;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function applyAll(): Promise<void> {
    for (;;) {
      const changes = await deps.store.changesAfter(changeNo, FEED_BATCH);
      if (changes === undefined) {
        if (!deps.refill) throw new Error(`The changes after ${changeNo} were forgotten before they were followed.`);
        changeNo = await deps.refill(changeNo);
        continue;
      }
      const last = changes.at(-1);
      if (!last) return;
      await applyChanges(deps, changes);
      changeNo = last.changeNo;
    }
  }

  function start(): Promise<void> {
    running = applyAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    get changeNo() {
      return changeNo;
    },
    catchUp() {
      if (!running) return start();
      // The running pass may have read the feed already: callers who come now share the next one.
      queued ??= running
        .catch(() => undefined)
        .then(() => {
          queued = undefined;
          return start();
        });
      return queued;
    },
  };
}

async function applyChanges(deps: FollowerDeps, changes: readonly Change[]): Promise<void> {
  if (changes.some(({ op }) => op !== 'add')) await deps.beforeRemoval?.();
  // Removals first: an enrolment added and removed within one batch is no longer in the store, so it isn't added either.
  const removedByGallery = new Map<number, Change[]>();
  for (const change of changes) {
    if (change.op === 'remove-gallery') await deps.index.removeGallery(change.galleryNo, change.changeNo);
    if (change.op === 'remove') {
      const removed = removedByGallery.get(change.galleryNo) ?? [];
      removed.push(change);
      removedByGallery.set(change.galleryNo, removed);
    }
  }
  for (const [galleryNo, removed] of removedByGallery) {
    const enrolmentNos = removed.map(({ enrolmentNo }) => enrolmentNo);
    const changeNos = removed.map(({ changeNo }) => changeNo);
    await deps.index.remove(galleryNo, enrolmentNos, changeNos);
  }

  // Once each: a template moved from person to person has been added before
  const added = new Set(changes.filter((change) => change.op === 'add').map((change) => change.enrolmentNo));
  const lastNo = changes.at(-1)?.changeNo ?? 0;
  if (added.size > 0) await addToIndex(deps, await deps.store.getSealedEnrolments([...added]), lastNo);
}

/** Adds what was read from the store when it had come to `changeNo`, or later. */
async function addToIndex(deps: FollowerDeps, enrolments: readonly SealedEnrolment[], changeNo: number): Promise<void> {
  for (let from = 0; from < enrolments.length; from += OPENED_PER_TURN) {
    if (from > 0) await nextTurn();
    await addSome(deps, enrolments.slice(from, from + OPENED_PER_TURN), changeNo);
  }
}

async function addSome(deps: FollowerDeps, enrolments: readonly SealedEnrolment[], changeNo: number): Promise<void> {
  const rowsByGallery = new Map<number, IndexRow[]>();
  for (const enrolment of enrolments) {
    const row = openRow(deps, enrolment);
    if (!row) continue;
    const rows = rowsByGallery.get(enrolment.galleryNo) ?? [];
    rows.push(row);
    rowsByGallery.set(enrolment.galleryNo, rows);
  }
  for (const [galleryNo, rows] of rowsByGallery) await deps.index.add(galleryNo, rows, changeNo);
}

function openRow(deps: FollowerDeps, enrolment: SealedEnrolment): IndexRow | undefined {
  try {
    return {
      personNo: enrolment.personNo,
      enrolmentNo: enrolment.enrolmentNo,
      vector: deps.vault.openTemplate(enrolment.tenantId, enrolment.wrappedKey, enrolment.sealedTemplate),
    };
  } catch (error) {
    deps.onUnreadable(enrolment.enrolmentNo, error);
    return undefined;
  }
}
