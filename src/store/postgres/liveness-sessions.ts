import type { Store } from '../../core/storage/store.ts';
import { COLUMNS, type SessionRow, toSession } from '../rows/liveness-sessions.ts';
import type { Connection } from './connection.ts';

export function livenessSessions(
  db: Connection,
): Pick<
  Store,
  | 'insertLivenessSession'
  | 'findLivenessSession'
  | 'listLivenessSessions'
  | 'deleteLivenessSession'
  | 'sweepLivenessSessions'
> {
  const insert = db.prepare<[SessionRow & { tenantId: string }]>(
    `INSERT INTO liveness_sessions (tenant_id, session_id, with_reference, reference, sealed_reference,
                                    device_correlation_id, token_ttl_s, settings, created_ms)
     VALUES (@tenantId, @sessionId, @withReference, @reference, @sealedReference,
             @deviceCorrelationId, @tokenTtlS, @settings, @createdMs)`,
  );
  const find = db.prepare<[string, string], SessionRow>(
    `SELECT ${COLUMNS} FROM liveness_sessions WHERE tenant_id = ? AND session_id = ?`,
  );
  const list = db.prepare<[string, number, string, number], SessionRow>(
    `SELECT ${COLUMNS} FROM liveness_sessions
     WHERE tenant_id = ? AND with_reference = ? AND session_id > ? ORDER BY session_id LIMIT ?`,
  );
  const remove = db.prepare<[string, string]>('DELETE FROM liveness_sessions WHERE tenant_id = ? AND session_id = ?');
  const sweep = db.prepare<[number]>('DELETE FROM liveness_sessions WHERE created_ms < ?');

  return {
    async insertLivenessSession(tenantId, session) {
      await insert.run({
        tenantId,
        sessionId: session.sessionId,
        withReference: session.withReference ? 1 : 0,
        reference: session.reference ? JSON.stringify(session.reference) : null,
        sealedReference: session.sealedReference ?? null,
        deviceCorrelationId: session.deviceCorrelationId ?? null,
        tokenTtlS: session.tokenTtlS,
        settings: JSON.stringify(session.settings),
        createdMs: session.createdMs,
      });
    },
    async findLivenessSession(tenantId, sessionId) {
      const row = await find.get(tenantId, sessionId);
      return row && toSession(row);
    },
    async listLivenessSessions(tenantId, { withReference }, page) {
      return (await list.all(tenantId, withReference ? 1 : 0, page.after ?? '', page.limit)).map(toSession);
    },
    async deleteLivenessSession(tenantId, sessionId) {
      return (await remove.run(tenantId, sessionId)).changes > 0;
    },
    async sweepLivenessSessions(beforeMs) {
      return (await sweep.run(beforeMs)).changes;
    },
  };
}
