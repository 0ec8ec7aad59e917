import type { Operation } from '../../core/types.ts';

export interface OperationRow {
  readonly tenantId: string;
  readonly operationId: string;
  readonly status: Operation['status'];
  readonly createdMs: number;
  readonly lastActionMs: number;
  readonly finishedMs: number | null;
  readonly message: string | null;
  /** JSON. */
  readonly outcome: string | null;
}

export const COLUMNS = `tenant_id AS "tenantId", operation_id AS "operationId", status, created_ms AS "createdMs",
  last_action_ms AS "lastActionMs", finished_ms AS "finishedMs", message, outcome`;

export function toRow(tenantId: string, operation: Operation): OperationRow {
  return {
    tenantId,
    operationId: operation.operationId,
    status: operation.status,
    createdMs: operation.createdMs,
    lastActionMs: operation.lastActionMs,
    finishedMs: operation.finishedMs ?? null,
    message: operation.message ?? null,
    outcome: operation.outcome ? JSON.stringify(operation.outcome) : null,
  };
}

export function toOperation(row: OperationRow): Operation {
  return {
    operationId: row.operationId,
    status: row.status,
    createdMs: row.createdMs,
    lastActionMs: row.lastActionMs,
    ...(row.finishedMs !== null && { finishedMs: row.finishedMs }),
    ...(row.message !== null && { message: row.message }),
    ...(row.outcome !== null && { outcome: JSON.parse(row.outcome) as NonNullable<Operation['outcome']> }),
  };
}
