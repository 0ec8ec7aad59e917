// An index in the database, which every node fills as it follows the store: nothing to load at a start, nothing to copy.
import {
  type FollowerDeps,
  resumeIndexFollower,
  type StartedFollower,
  startIndexFollower,
} from './core/index-follower.ts';
import type { KeptIndex } from './kept-index.ts';
import type { SharedGalleryIndex } from './search/postgres/postgres-index.ts';

export interface SharedIndexParts extends Omit<FollowerDeps, 'index'> {
  readonly index: SharedGalleryIndex;
  readonly onProgress: (rows: number) => void;
}

/** Follows from where some node has come to; the first node ever fills it from the store. */
export async function followSharedIndex(parts: SharedIndexParts): Promise<KeptIndex> {
  const { index, store } = parts;
  const follower = await start();
  const note = () => index.noteFollowed(follower.changeNo);
  await note();
  return { index, follower, saveIfStale: note, saveIfChanged: note };

  async function start(): Promise<StartedFollower> {
    const followedNo = await index.followedChangeNo();
    if (followedNo !== undefined && followedNo <= (await store.lastChangeNo())) {
      return resumeIndexFollower(parts, followedNo);
    }
    // Never filled, or filled from a store that was put back to an older state since
    if (followedNo !== undefined) await index.reset();
    return startIndexFollower(parts, parts.onProgress);
  }
}
