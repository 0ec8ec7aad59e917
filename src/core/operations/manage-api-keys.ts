import { audited } from '../audited.ts';
import type { Acting, ApiKeys, Deps } from '../ports.ts';
import type { Permission } from '../types.ts';

/** The key itself is in the answer and nowhere else. On record once it has an id; when that fails, it is ended again. */
export async function createApiKey(
  deps: Pick<Deps, 'keys' | 'store'> & Acting,
  {
    tenantId,
    label,
    permissions,
  }: { readonly tenantId: string; readonly label: string; readonly permissions: readonly Permission[] },
): Promise<Awaited<ReturnType<ApiKeys['create']>>> {
  const created = await deps.keys.create(tenantId, label, permissions);
  try {
    await deps.audit.record({ action: 'key-create', outcome: 'done', subjectKeyId: created.keyId });
  } catch (error) {
    await deps.store.deleteApiKey(tenantId, created.keyId);
    throw error;
  }
  return created;
}

/** A second key with the same label and permissions, while the first goes on; undefined when there is no such key. */
export async function rotateApiKey(
  deps: Pick<Deps, 'keys' | 'store'> & Acting,
  { tenantId, keyId }: { readonly tenantId: string; readonly keyId: string },
): Promise<Awaited<ReturnType<ApiKeys['create']>> | undefined> {
  const known = (await deps.store.listApiKeys()).find((key) => key.tenantId === tenantId && key.keyId === keyId);
  if (!known) return undefined;
  return audited(deps, { action: 'key-rotate', subjectKeyId: keyId }, () =>
    createApiKey(deps, { tenantId, label: known.label, permissions: known.permissions }),
  );
}

/** False when there is no such key. */
export async function revokeApiKey(
  deps: Pick<Deps, 'store'> & Acting,
  { tenantId, keyId }: { readonly tenantId: string; readonly keyId: string },
): Promise<boolean> {
  const known = (await deps.store.listApiKeys()).some((key) => key.tenantId === tenantId && key.keyId === keyId);
  if (!known) return false;
  return audited(deps, { action: 'key-revoke', subjectKeyId: keyId }, () => deps.store.deleteApiKey(tenantId, keyId));
}
