/** The store's change feed: what a derived index must do to catch up. Numbers only, nothing personal. */
export interface Change {
  readonly changeNo: number;
  readonly op: 'add' | 'remove' | 'remove-gallery';
  readonly galleryNo: number;
  /** 0 for `remove-gallery`. */
  readonly enrolmentNo: number;
}

export interface ChangeStore {
  lastChangeNo(): Promise<number>;
  /** Undefined where some of them were forgotten: whoever has followed up to `changeNo` must begin anew. */
  changesAfter(changeNo: number, limit: number): Promise<readonly Change[] | undefined>;
  /** Forgets changes up to and including `changeNo`, at most so many, the oldest first; answers how many they were. */
  trimChanges(changeNo: number, limit: number): Promise<number>;
}
