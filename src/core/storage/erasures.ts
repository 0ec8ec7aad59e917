/**
 * What was erased, and which consent withdrawn, each as a mark: the SHA-256, hex, of random ids, which tells nothing to
 * whoever doesn't have the erased rows. A mark is written in the transaction of its erasure.
 */
export interface ErasureStore {
  /** Marks that the ledger outside the database doesn't have yet, oldest first. */
  erasuresToNote(limit: number): Promise<readonly { readonly erasureNo: number; readonly mark: string }[]>;
  /** The ledger has those up to this number. */
  erasuresNoted(erasureNo: number): Promise<void>;
  /** The ledger is not there any more: it has none of them. */
  noteErasuresAnew(): Promise<void>;
  /** Those that this database doesn't know of: it is older than they are. */
  unknownErasures(marks: readonly string[]): Promise<readonly string[]>;
  /** Erases, and withdraws, what the marks stand for; each that is no longer there is only remembered. */
  applyErasures(marks: readonly string[], nowMs: number): Promise<void>;
}
