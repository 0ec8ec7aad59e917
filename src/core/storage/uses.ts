import type { GalleryRef } from '../types.ts';

/** Somebody whose last use is long ago. */
export interface UnusedPerson {
  readonly personId: string;
  readonly personName: string;
  readonly lastUsedMs: number;
}

/** Where a list of unused persons goes on: the last one of the page before. */
export type UnusedPlace = Pick<UnusedPerson, 'lastUsedMs' | 'personId'>;

/** When persons were last enrolled, found or verified. */
export interface UseStore {
  /** Later than what is known counts, earlier doesn't. A directory's person is used where their faces are. */
  notePersonUses(uses: readonly { readonly personNo: number; readonly usedMs: number }[]): Promise<void>;
  /** Longest unused first; only those last used before. */
  listUnusedPersons(
    ref: GalleryRef,
    beforeMs: number,
    page: { readonly after?: UnusedPlace; readonly limit: number },
  ): Promise<readonly UnusedPerson[]>;
  findLastUse(ref: GalleryRef, personId: string): Promise<number>;
}
