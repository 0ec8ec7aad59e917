// Where the settings say that the master key is.
import { join } from 'node:path';
import type { Config } from './config.ts';
import { KEY_CHECK } from './open-store.ts';
import { openVault, type VaultSource } from './vault/vault.ts';

const MASTER_KEY_FILE = 'master.key';

/** The file with the master key; undefined when the environment holds it. */
export function masterKeyPathOf({ dataDir, masterKey, masterKeyPath }: Config): string | undefined {
  return masterKey ? undefined : (masterKeyPath ?? join(dataDir, MASTER_KEY_FILE));
}

/** With `mustExist` no key is made where none is. */
export function vaultSourceOf(config: Config, mustExist: boolean): VaultSource {
  const masterKeyPath = masterKeyPathOf(config);
  if (masterKeyPath !== undefined) return { masterKeyPath, mustExist };
  const { masterKey, previousMasterKey } = config;
  return { masterKey: masterKey as Uint8Array, ...(previousMasterKey ? { previousMasterKey } : {}) };
}

/** Whether the master key of these settings opens what another node left for that. */
export async function canOpenKeyCheck(config: Config, sealed: Uint8Array): Promise<boolean> {
  const vault = await openVault(vaultSourceOf(config, true));
  return vault.canOpen('probe', KEY_CHECK.tenantId, sealed);
}
