// An index in the database, which every node fills as it follows the store: nothing to load at a start, nothing to copy.
import { type FollowerDeps, fillFromStore, resumeIndexFollower } from './core/index-follower.ts';
import type { KeptIndex } from './kept-index.ts';
import type { SharedGalleryIndex } from './search/postgres/postgres-index.ts';

export interface SharedIndexParts extends Omit<FollowerDeps, 'index'> {
  readonly index: SharedGalleryIndex;
  readonly onProgress: (rows: number) => void;
}

/**
 * Follows from where some node has come to. The first ever fills it from the store while the others wait; older changes
 * that are followed again undo nothing.
 */
export async function followSharedIndex(parts: SharedIndexParts): Promise<KeptIndex> {
  const { index, store } = parts;
  const followedNo = await index.followedChangeNo();
  // It knows more than the store: an older state of the store was put back, and what is in the index is of another one
  if (followedNo !== undefined && followedNo > (await store.lastChangeNo())) await index.forgetFollowed(followedNo);
  const fill = () => index.fillOnce(() => fillFromStore(parts, parts.onProgress));

  async function refill(changeNo: number): Promise<number> {
    const sharedNo = await index.followedChangeNo();
    // What this node missed others have put in
    if (sharedNo !== undefined && sharedNo > changeNo) return sharedNo;
    if (sharedNo !== undefined) await index.forgetFollowed(sharedNo);
    return fill();
  }

  const follower = await resumeIndexFollower({ ...parts, refill }, await fill());
  const note = () => index.noteFollowed(follower.changeNo);
  await note();
  return { index, follower, saveIfStale: note, saveIfChanged: note };
}
