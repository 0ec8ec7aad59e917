import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { SealedProbe } from '../../core/storage/probes.ts';
import { qualityFromColumns, qualityToColumns } from '../quality-columns.ts';
import type { ProbeRow } from '../rows/probes.ts';
import type { SyncStore } from './sync-store.ts';

export function probes(db: Database): Pick<SyncStore, 'insertProbes' | 'findProbes' | 'sweepProbes'> {
  const insert = db.prepare<[ProbeRow & { tenantId: string }]>(
    `INSERT INTO probes (tenant_id, probe_id, recognition_model, pack_id, quality_level, quality_reasons, sealed, expires_ms)
     VALUES (@tenantId, @probeId, @recognitionModel, @packId, @qualityLevel, @qualityReasons, @sealedTemplate, @expiresMs)
     ON CONFLICT DO NOTHING`,
  );
  const find = db.prepare<[string, string, number], ProbeRow>(
    `SELECT probe_id AS "probeId", recognition_model AS "recognitionModel", pack_id AS "packId",
            quality_level AS "qualityLevel", quality_reasons AS "qualityReasons",
            sealed AS "sealedTemplate", expires_ms AS "expiresMs"
     FROM probes WHERE tenant_id = ? AND probe_id = ? AND expires_ms > ?`,
  );
  const sweep = db.prepare<[number]>('DELETE FROM probes WHERE expires_ms <= ?');

  return {
    insertProbes: db.transaction((tenantId: string, rows: readonly SealedProbe[]) => {
      for (const { quality, ...probe } of rows) {
        const { changes } = insert.run({ ...probe, ...qualityToColumns(quality), tenantId });
        if (changes === 0) throw new KithError({ kind: 'already-exists', resource: 'probe', id: probe.probeId });
      }
    }).immediate,
    findProbes(tenantId, probeIds, nowMs) {
      const found = new Map<string, SealedProbe>();
      for (const probeId of probeIds) {
        const row = find.get(tenantId, probeId, nowMs);
        if (row === undefined) continue;
        const { qualityLevel, qualityReasons, ...probe } = row;
        found.set(probeId, { ...probe, quality: qualityFromColumns({ qualityLevel, qualityReasons }) });
      }
      return found;
    },
    sweepProbes(nowMs) {
      return sweep.run(nowMs).changes;
    },
  };
}
