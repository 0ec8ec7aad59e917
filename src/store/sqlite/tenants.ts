import type { Database } from 'better-sqlite3';
import type { ErasedCounts } from '../../core/erasure-types.ts';
import type { TenantSummary } from '../../core/storage/tenants.ts';
import type { GalleryRef } from '../../core/types.ts';
import { NOTHING } from '../rows/tenants.ts';
import type { SyncStore } from './sync-store.ts';

type Parts = Pick<SyncStore, 'deleteGallery' | 'deleteSnapshot' | 'deleteApiKey'>;

export function tenants(db: Database, parts: Parts): Pick<SyncStore, 'listTenants' | 'deleteTenant'> {
  const list = db.prepare<[], TenantSummary>(
    `SELECT t.tenant_id AS "tenantId",
            (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.tenant_id) AS keys,
            (SELECT count(*) FROM galleries g WHERE g.tenant_id = t.tenant_id AND g.erasing = 0) AS galleries,
            (SELECT coalesce(sum(persons), 0) FROM galleries g WHERE g.tenant_id = t.tenant_id AND g.erasing = 0) AS persons
     FROM (SELECT tenant_id FROM api_keys UNION SELECT tenant_id FROM galleries WHERE erasing = 0) t
     ORDER BY t.tenant_id`,
  );
  const galleries = db.prepare<[string], GalleryRef>(
    'SELECT tenant_id AS "tenantId", kind, gallery_id AS "galleryId" FROM galleries WHERE tenant_id = ? AND erasing = 0',
  );
  const snapshots = db
    .prepare<[string], string>('SELECT snapshot_id FROM snapshots WHERE tenant_id = ? AND finished >= 0')
    .pluck();
  const keys = db.prepare<[string], string>('SELECT key_id FROM api_keys WHERE tenant_id = ?').pluck();
  const rest = ['probes', 'liveness_sessions', 'operations'].map((table) =>
    db.prepare<[string]>(`DELETE FROM ${table} WHERE tenant_id = ?`),
  );

  return {
    listTenants: () => list.all(),
    deleteTenant: db.transaction((tenantId: string) => {
      const erased = galleries.all(tenantId).map((ref) => parts.deleteGallery(ref, { withSnapshots: true }));
      for (const snapshotId of snapshots.all(tenantId)) parts.deleteSnapshot(tenantId, snapshotId);
      for (const statement of rest) statement.run(tenantId);
      for (const keyId of keys.all(tenantId)) parts.deleteApiKey(tenantId, keyId);
      return erased.reduce(
        (sum, counts) =>
          Object.fromEntries(
            Object.entries(sum).map(([name, count]) => [name, count + counts[name as keyof ErasedCounts]]),
          ) as unknown as ErasedCounts,
        NOTHING,
      );
    }).immediate,
  };
}
