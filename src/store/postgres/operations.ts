import type { Store } from '../../core/storage/store.ts';
import { COLUMNS, type OperationRow, toOperation, toRow } from '../rows/operations.ts';
import type { Connection } from './connection.ts';

export function operations(
  db: Connection,
  nodeId: string,
): Pick<Store, 'insertOperation' | 'updateOperation' | 'findOperation' | 'listRunningOperations' | 'sweepOperations'> {
  const insert = db.prepare<[OperationRow & { nodeId: string }]>(
    `INSERT INTO operations (tenant_id, operation_id, status, created_ms, last_action_ms, finished_ms, message, outcome,
                             node_id)
     VALUES (@tenantId, @operationId, @status, @createdMs, @lastActionMs, @finishedMs, @message, @outcome, @nodeId)`,
  );
  const update = db.prepare<[OperationRow]>(
    `UPDATE operations SET status = @status, last_action_ms = @lastActionMs, finished_ms = @finishedMs,
            message = @message, outcome = @outcome
     WHERE tenant_id = @tenantId AND operation_id = @operationId`,
  );
  const find = db.prepare<[string, string], OperationRow>(
    `SELECT ${COLUMNS} FROM operations WHERE tenant_id = ? AND operation_id = ?`,
  );
  // A node works on its own; on those of a node that is gone nobody does
  const running = db.prepare<[string], OperationRow>(
    `SELECT ${COLUMNS} FROM operations o WHERE status = 'running' AND (node_id = ? OR NOT EXISTS (
       SELECT FROM nodes n WHERE n.node_id = o.node_id AND n.seen_at > now() - interval '1 minute'))`,
  );
  const sweep = db.prepare<[number]>('DELETE FROM operations WHERE created_ms < ?');

  return {
    async insertOperation(tenantId, operation) {
      await insert.run({ ...toRow(tenantId, operation), nodeId });
    },
    async updateOperation(tenantId, operation) {
      await update.run(toRow(tenantId, operation));
    },
    async findOperation(tenantId, operationId) {
      const row = await find.get(tenantId, operationId);
      return row && toOperation(row);
    },
    async listRunningOperations() {
      return (await running.all(nodeId)).map((row) => ({ ...toOperation(row), tenantId: row.tenantId }));
    },
    async sweepOperations(beforeMs) {
      return (await sweep.run(beforeMs)).changes;
    },
  };
}
