import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { StoredApiKey } from '../../../src/core/storage/api-keys.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { newTenantId, uniqueBytes } from './samples.ts';

export function accessContract(store: () => Store): void {
  function newKey(): StoredApiKey {
    return {
      keyId: randomUUID(),
      tenantId: newTenantId(),
      label: 'door 3',
      sha256: uniqueBytes(32),
      permissions: ['enrol', 'search'],
      createdMs: 5,
    };
  }

  test('are listed until deleted, by their own tenant', async () => {
    const key = newKey();
    await store().insertApiKey(key);
    const find = async () => (await store().listApiKeys()).find(({ keyId }) => keyId === key.keyId);
    const { sha256, ...rest } = (await find()) ?? {};
    expect({ ...rest, sha256: key.sha256 }).toEqual(key);
    expect(Buffer.from(sha256 ?? []).equals(key.sha256)).toBe(true);
    expect(await store().deleteApiKey(newTenantId(), key.keyId)).toBe(false);
    expect(await find()).toBeDefined();
    expect(await store().deleteApiKey(key.tenantId, key.keyId)).toBe(true);
    expect(await find()).toBeUndefined();
    expect(await store().deleteApiKey(key.tenantId, key.keyId)).toBe(false);
  });

  test('never share an id or a hash', async () => {
    const key = newKey();
    await store().insertApiKey(key);
    await expect(store().insertApiKey({ ...newKey(), keyId: key.keyId })).rejects.toThrow();
    await expect(store().insertApiKey({ ...newKey(), sha256: key.sha256 })).rejects.toThrow();
  });
}
