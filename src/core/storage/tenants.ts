import type { ErasedCounts } from '../erasure-types.ts';

/** What a tenant has; a tenant is there from its first key or gallery on. */
export interface TenantSummary {
  readonly tenantId: string;
  readonly keys: number;
  readonly galleries: number;
  readonly persons: number;
}

export interface TenantStore {
  listTenants(): Promise<readonly TenantSummary[]>;
  /** Everything: galleries, snapshots, detected faces, sessions, operations and, with them, the keys. */
  deleteTenant(tenantId: string): Promise<ErasedCounts>;
}
