import type { KeyBounds, Permission } from '../types.ts';

export interface StoredApiKey {
  readonly keyId: string;
  readonly tenantId: string;
  readonly label: string;
  readonly sha256: Uint8Array;
  readonly permissions: readonly Permission[];
  readonly bounds?: KeyBounds;
  readonly createdMs: number;
}

export interface ApiKeyStore {
  insertApiKey(key: StoredApiKey): Promise<void>;
  listApiKeys(): Promise<readonly StoredApiKey[]>;
  /** Its end is a mark in the erasure ledger: no older database brings it back. */
  deleteApiKey(tenantId: string, keyId: string): Promise<boolean>;
}
