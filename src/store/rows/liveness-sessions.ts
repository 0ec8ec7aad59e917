import type { StoredLivenessSession } from '../../core/storage/liveness-sessions.ts';
import type { LivenessSession } from '../../core/types.ts';

export interface SessionRow {
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

export const COLUMNS = `session_id AS "sessionId", with_reference AS "withReference", reference, sealed_reference AS "sealedReference",
  device_correlation_id AS "deviceCorrelationId", token_ttl_s AS "tokenTtlS", settings, created_ms AS "createdMs"`;

export function toSession(row: SessionRow): StoredLivenessSession {
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
