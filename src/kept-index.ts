// The index with a sealed copy on disk, so that a start with a million people takes seconds. The copy is derived twice
// over: whatever is wrong with it, the store has it all.
import { rm } from 'node:fs/promises';
import {
  type FollowerDeps,
  fillFromStore,
  resumeIndexFollower,
  type StartedFollower,
  startIndexFollower,
} from './core/index-follower.ts';
import type { GalleryIndex, Vault } from './core/ports.ts';
import type { Store } from './core/storage/store.ts';
import type { KeptGalleryIndex } from './search/gallery-index.ts';

/** Smaller indexes are filled from the store in a moment, and a copy that isn't there need not be erased. */
const MIN_ENROLMENTS = 10_000;
/** A copy is made anew when so large a share of it is out of date. */
const STALE_SHARE = 0.02;
/** Changes are kept for an hour: a copy made within that can be brought up to date. */
const OLD_MS = 1_800_000;

export interface KeptIndexParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly openIndex: () => Promise<KeptGalleryIndex>;
  /** Of the copy. */
  readonly path: string;
  /** Of what is stored, beside the copy of the index. */
  readonly removeOtherCopies?: () => Promise<void>;
  readonly onUnreadable: FollowerDeps['onUnreadable'];
  readonly onProgress: (rows: number) => void;
}

export interface KeptIndex<Index extends GalleryIndex = GalleryIndex> {
  readonly index: Index;
  readonly follower: StartedFollower;
  /** Makes the copy anew if it is worth it. Removals meanwhile give it up. */
  saveIfStale(): Promise<void>;
  /** Makes it anew if anything changed at all; for a clean stop. */
  saveIfChanged(): Promise<void>;
}

/** Fills the index from its copy and what changed since, or from the store alone, and follows the store from then on. */
export async function fillIndex(parts: KeptIndexParts): Promise<KeptIndex<KeptGalleryIndex>> {
  const { store, vault, path } = parts;
  const cipher = { seal: vault.sealIndexPiece, open: vault.openIndexPiece };
  let saving: { readonly done: Promise<void>; readonly controller: AbortController } | undefined;

  const filled = await openFromCopy();
  const { index } = filled;
  let savedNo = filled.changeNo;
  let savedMs = performance.now();
  const followerDeps: FollowerDeps = {
    ...parts,
    index,
    // Erased is erased in every copy before it is acknowledged
    async beforeRemoval() {
      saving?.controller.abort();
      await saving?.done.catch(() => undefined);
      await rm(path, { force: true });
      await parts.removeOtherCopies?.();
      savedNo = undefined;
    },
    // Among what was missed may be an erasure
    async refill() {
      await followerDeps.beforeRemoval?.();
      return index.refill(() => fillFromStore(followerDeps, parts.onProgress));
    },
  };
  const follower =
    savedNo === undefined
      ? await startIndexFollower(followerDeps, parts.onProgress)
      : await resumeIndexFollower(followerDeps, savedNo);

  /** An index filled from the copy, up to the change number; an empty one where there is no copy to go by. */
  async function openFromCopy(): Promise<{ index: KeptGalleryIndex; changeNo: number | undefined }> {
    const opened = await parts.openIndex();
    const loaded = await opened.loadSnapshot({ path, cipher });
    if (loaded.kind !== 'loaded') return { index: opened, changeNo: undefined };
    if (loaded.changeNo <= (await store.lastChangeNo())) return { index: opened, changeNo: loaded.changeNo };
    // It knows more than the store: an older state of the store was put back, and the copy is of another one.
    await opened.close();
    await rm(path, { force: true });
    return { index: await parts.openIndex(), changeNo: undefined };
  }

  async function save(): Promise<void> {
    if (saving || index.stats().enrolments < MIN_ENROLMENTS) return;
    const controller = new AbortController();
    const { changeNo } = follower;
    const done = index.saveSnapshot({ path, cipher, changeNo, signal: controller.signal });
    saving = { done, controller };
    try {
      await done;
      savedNo = changeNo;
      savedMs = performance.now();
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      saving = undefined;
    }
  }

  return {
    index,
    follower,
    async saveIfStale() {
      const changed = savedNo === undefined ? Number.POSITIVE_INFINITY : follower.changeNo - savedNo;
      const isOld = changed > 0 && performance.now() - savedMs > OLD_MS;
      if (isOld || changed > STALE_SHARE * index.stats().enrolments) await save();
    },
    async saveIfChanged() {
      if (follower.changeNo !== savedNo) await save();
    },
  };
}
