import type { Database } from 'better-sqlite3';
import type { StoredApiKey } from '../../core/storage/api-keys.ts';
import type { SyncStore } from './sync-store.ts';

interface ApiKeyRow {
  readonly keyId: string;
  readonly tenantId: string;
  readonly label: string;
  readonly sha256: Uint8Array;
  readonly permissions: string;
  readonly createdMs: number;
}

export function apiKeys(db: Database): Pick<SyncStore, 'insertApiKey' | 'listApiKeys' | 'deleteApiKey'> {
  const insert = db.prepare<[ApiKeyRow]>(
    `INSERT INTO api_keys (key_id, tenant_id, label, sha256, permissions, created_ms)
     VALUES (@keyId, @tenantId, @label, @sha256, @permissions, @createdMs)`,
  );
  const list = db.prepare<[], ApiKeyRow>(
    `SELECT key_id AS keyId, tenant_id AS tenantId, label, sha256, permissions, created_ms AS createdMs
     FROM api_keys ORDER BY created_ms, key_id`,
  );
  const remove = db.prepare<[string, string]>('DELETE FROM api_keys WHERE tenant_id = ? AND key_id = ?');

  return {
    insertApiKey(key) {
      insert.run({ ...key, permissions: JSON.stringify(key.permissions) });
    },
    listApiKeys() {
      return list
        .all()
        .map((row) => ({ ...row, permissions: JSON.parse(row.permissions) as StoredApiKey['permissions'] }));
    },
    deleteApiKey(tenantId, keyId) {
      return remove.run(tenantId, keyId).changes > 0;
    },
  };
}
