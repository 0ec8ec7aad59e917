import type { StoredLivenessSession } from '../../core/storage/liveness-sessions.ts';
import type { Store } from '../../core/storage/store.ts';
import type { LivenessSession } from '../../core/types.ts';
import type { Connection } from './connection.ts';

interface SessionRow {
  readonly sessionId: string;
  readonly withReference: number;
  /** JSON. */
  readonly reference: string | null;
  readonly sealedReference: Uint8Array | null;
  readonly deviceCorrelationId: string | null;
  readonly tokenTtlS: number;
  /** JSON. */
  readonly settings: string;
  readonly createdMs: number;
}

const COLUMNS = `session_id AS "sessionId", with_reference AS "withReference", reference, sealed_reference AS "sealedReference",
  device_correlation_id AS "deviceCorrelationId", token_ttl_s AS "tokenTtlS", settings, created_ms AS "createdMs"`;

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

function toSession(row: SessionRow): StoredLivenessSession {
  return {
    sessionId: row.sessionId,
    withReference: row.withReference === 1,
    ...(row.reference !== null && {
      reference: JSON.parse(row.reference) as NonNullable<LivenessSession['reference']>,
    }),
    ...(row.sealedReference !== null && { sealedReference: row.sealedReference }),
    ...(row.deviceCorrelationId !== null && { deviceCorrelationId: row.deviceCorrelationId }),
    tokenTtlS: row.tokenTtlS,
    settings: JSON.parse(row.settings) as LivenessSession['settings'],
    createdMs: row.createdMs,
  };
}
