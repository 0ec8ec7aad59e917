import { openRecords } from '../../compose.ts';
import { createApiKey, revokeApiKey, rotateApiKey } from '../../core/operations/manage-api-keys.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { KnownKeys, OfTenant } from './known-keys.ts';

/** Opens the data directory for as long as `work` takes. */
export async function withLocalKeys(
  { loadConfig }: CommandContext,
  { tenant: tenantId = DEFAULT_TENANT, mayMake }: OfTenant & { readonly mayMake: boolean },
  work: (keys: KnownKeys) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = loadConfig();
  if (!mayMake) requireData(config);
  return closing(await openRecords(config, 'command-line'), (records) => {
    // On record as a deed within that tenant
    const deps = { ...records, audit: records.auditLog.actingAs({ tenantId, keyId: 'command-line' }) };
    return work({
      list: async () => (await deps.store.listApiKeys()).filter((key) => key.tenantId === tenantId),
      create: (wanted) => createApiKey(deps, { tenantId, ...wanted }),
      rotate: (keyId) => rotateApiKey(deps, { tenantId, keyId }),
      revoke: (keyId) => revokeApiKey(deps, { tenantId, keyId }),
    });
  });
}
