import type { Database } from 'better-sqlite3';
import { COLUMNS, type OperationRow, toOperation, toRow } from '../rows/operations.ts';
import type { SyncStore } from './sync-store.ts';

export function operations(
  db: Database,
): Pick<
  SyncStore,
  'insertOperation' | 'updateOperation' | 'findOperation' | 'listRunningOperations' | 'sweepOperations'
> {
  const insert = db.prepare<[OperationRow]>(
    `INSERT INTO operations (tenant_id, operation_id, status, created_ms, last_action_ms, finished_ms, message, outcome)
     VALUES (@tenantId, @operationId, @status, @createdMs, @lastActionMs, @finishedMs, @message, @outcome)`,
  );
  const update = db.prepare<[OperationRow]>(
    `UPDATE operations SET status = @status, last_action_ms = @lastActionMs, finished_ms = @finishedMs,
            message = @message, outcome = @outcome
     WHERE tenant_id = @tenantId AND operation_id = @operationId`,
  );
  const find = db.prepare<[string, string], OperationRow>(
    `SELECT ${COLUMNS} FROM operations WHERE tenant_id = ? AND operation_id = ?`,
  );
  const running = db.prepare<[], OperationRow>(`SELECT ${COLUMNS} FROM operations WHERE status = 'running'`);
  const sweep = db.prepare<[number]>('DELETE FROM operations WHERE created_ms < ?');

  return {
    insertOperation(tenantId, operation) {
      insert.run(toRow(tenantId, operation));
    },
    updateOperation(tenantId, operation) {
      update.run(toRow(tenantId, operation));
    },
    findOperation(tenantId, operationId) {
      const row = find.get(tenantId, operationId);
      return row && toOperation(row);
    },
    listRunningOperations() {
      return running.all().map((row) => ({ ...toOperation(row), tenantId: row.tenantId }));
    },
    sweepOperations(beforeMs) {
      return sweep.run(beforeMs).changes;
    },
  };
}
