export interface ApiKeyRow {
  readonly keyId: string;
  readonly tenantId: string;
  readonly label: string;
  readonly sha256: Uint8Array;
  readonly permissions: string;
  /** JSON of KeyBounds. */
  readonly bounds: string | null;
  readonly createdMs: number;
}
