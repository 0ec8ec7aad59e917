import type { StoredApiKey } from '../../core/storage/api-keys.ts';
import type { Store } from '../../core/storage/store.ts';
import { erasureMark } from '../erasure-mark.ts';
import type { ApiKeyRow } from '../rows/api-keys.ts';
import type { Connection } from './connection.ts';
import type { Erasures } from './erasures.ts';

export function apiKeys(
  db: Connection,
  { erasures }: { readonly erasures: Erasures },
): Pick<Store, 'insertApiKey' | 'listApiKeys' | 'deleteApiKey'> {
  const insert = db.prepare<[ApiKeyRow]>(
    `INSERT INTO api_keys (key_id, tenant_id, label, sha256, permissions, bounds, created_ms)
     VALUES (@keyId, @tenantId, @label, @sha256, @permissions, @bounds, @createdMs)`,
  );
  const list = db.prepare<[], ApiKeyRow>(
    `SELECT key_id AS "keyId", tenant_id AS "tenantId", label, sha256, permissions, bounds, created_ms AS "createdMs"
     FROM api_keys ORDER BY created_ms, key_id`,
  );
  const remove = db.prepare<[string, string]>('DELETE FROM api_keys WHERE tenant_id = ? AND key_id = ?');

  return {
    async insertApiKey(key) {
      const bounds = key.bounds ? JSON.stringify(key.bounds) : null;
      await insert.run({ ...key, permissions: JSON.stringify(key.permissions), bounds });
    },
    async listApiKeys() {
      return (await list.all()).map(({ permissions, bounds, ...row }) => ({
        ...row,
        permissions: JSON.parse(permissions) as StoredApiKey['permissions'],
        ...(bounds === null ? {} : { bounds: JSON.parse(bounds) as NonNullable<StoredApiKey['bounds']> }),
      }));
    },
    deleteApiKey: async (tenantId: string, keyId: string) => {
      const isThere = (await remove.run(tenantId, keyId)).changes > 0;
      if (isThere) await erasures.recordMark(erasureMark('key', '', keyId));
      return isThere;
    },
  };
}
