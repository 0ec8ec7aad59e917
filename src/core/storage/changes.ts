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
  changesAfter(changeNo: number, limit: number): Promise<readonly Change[]>;
  /** Forgets changes up to and including `changeNo`. */
  trimChanges(changeNo: number): Promise<void>;
}
