import type { ErasedCounts } from '../../core/erasure-types.ts';
import type { Store } from '../../core/storage/store.ts';
import type { TenantSummary } from '../../core/storage/tenants.ts';
import type { GalleryRef } from '../../core/types.ts';
import { NOTHING } from '../rows/tenants.ts';
import type { Connection } from './connection.ts';

type Parts = Pick<Store, 'deleteGallery' | 'deleteSnapshot' | 'deleteApiKey'>;

export function tenants(db: Connection, parts: Parts): Pick<Store, 'listTenants' | 'deleteTenant'> {
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
    listTenants: async () => await list.all(),
    deleteTenant: async (tenantId: string) => {
      const erased: ErasedCounts[] = [];
      for (const ref of await galleries.all(tenantId)) {
        erased.push(await parts.deleteGallery(ref, { withSnapshots: true }));
      }
      for (const snapshotId of await snapshots.all(tenantId)) await parts.deleteSnapshot(tenantId, snapshotId);
      for (const statement of rest) await statement.run(tenantId);
      for (const keyId of await keys.all(tenantId)) await parts.deleteApiKey(tenantId, keyId);
      return erased.reduce(
        (sum, counts) =>
          Object.fromEntries(
            Object.entries(sum).map(([name, count]) => [name, count + counts[name as keyof ErasedCounts]]),
          ) as unknown as ErasedCounts,
        NOTHING,
      );
    },
  };
}
