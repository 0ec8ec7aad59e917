/** Everything in the store that is sealed under the master key, by where it lies. */
export type SealedPlace =
  | 'person-keys'
  | 'snapshot-person-keys'
  | 'gallery-keys'
  | 'next-gallery-keys'
  | 'snapshot-gallery-keys'
  | 'probes'
  | 'liveness-references';

export interface SealedRow {
  /** Where in its place it is, in the store's own words. */
  readonly at: string;
  readonly tenantId: string;
  readonly sealed: Uint8Array;
}

export interface SealedRowStore {
  /** In a lasting order, after `after`, at most `limit`. */
  listSealed(
    place: SealedPlace,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly SealedRow[]>;
  /** Each only if it is still what it was (`sealed`); of earlier bytes nothing stays on the disk. */
  replaceSealed(place: SealedPlace, rows: readonly (SealedRow & { readonly anew: Uint8Array })[]): Promise<void>;
}
