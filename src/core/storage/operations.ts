import type { Operation } from '../types.ts';

export interface OperationStore {
  insertOperation(tenantId: string, operation: Operation): Promise<void>;
  updateOperation(tenantId: string, operation: Operation): Promise<void>;
  findOperation(tenantId: string, operationId: string): Promise<Operation | undefined>;
  /** Running ones of all tenants: after a start nobody works on them any more. */
  listRunningOperations(): Promise<readonly (Operation & { readonly tenantId: string })[]>;
  /** Removes what was created before; answers how many. */
  sweepOperations(beforeMs: number): Promise<number>;
}
