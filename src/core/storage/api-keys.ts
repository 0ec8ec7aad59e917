import type { Permission } from '../types.ts';

export interface StoredApiKey {
  readonly keyId: string;
  readonly tenantId: string;
  readonly label: string;
  readonly sha256: Uint8Array;
  readonly permissions: readonly Permission[];
  readonly createdMs: number;
}

export interface ApiKeyStore {
  insertApiKey(key: StoredApiKey): Promise<void>;
  listApiKeys(): Promise<readonly StoredApiKey[]>;
  deleteApiKey(tenantId: string, keyId: string): Promise<boolean>;
}
