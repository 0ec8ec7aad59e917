import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointTrust } from './audit/compare-checkpoints.ts';
import { type Config, ConfigError } from './config.ts';
import { KithError } from './core/errors.ts';
import type { AuditCheckpoints, Vault } from './core/ports.ts';
import type { Store } from './core/storage/store.ts';
import type { PrimaryPool } from './store/postgres/primary-pool.ts';

/** Of the embedded store, within the data directory. */
export const DATABASE_FILE = 'kith.db';
const NODE_ID_FILE = 'node.id';

/** The database that several nodes work on, and which of them this is. */
export interface SharedStore {
  readonly pool: PrimaryPool;
  readonly nodeId: string;
  readonly checkpoints: AuditCheckpoints;
  /** Resolves, with what to do, when a newer Kith has changed the tables so that this one can't work on them any more. */
  readonly outdated: Promise<string>;
}

export interface OpenedStore {
  readonly store: Store;
  /** Absent for the embedded store, which is one service's own. */
  readonly shared?: SharedStore;
  close(): Promise<void>;
}

/** Whether anything may have been stored before: then a new master key would be the wrong one. */
export function mayHoldData({ dataDir, storeUrl }: Pick<Config, 'dataDir' | 'storeUrl'>): boolean {
  return storeUrl !== undefined || existsSync(join(dataDir, DATABASE_FILE));
}

export async function openStore({ dataDir, storeUrl }: Pick<Config, 'dataDir' | 'storeUrl'>): Promise<OpenedStore> {
  if (storeUrl === undefined) {
    const { openSqliteStore } = await import('./store/sqlite/sqlite-store.ts');
    const store = await openSqliteStore({ path: join(dataDir, DATABASE_FILE) });
    return { store, close: () => store.close() };
  }
  const nodeId = await readNodeId(join(dataDir, NODE_ID_FILE));
  const postgres = await loadPostgres();
  const pool = postgres.openPrimaryPool(storeUrl);
  let onOutdated: (message: string) => void = () => undefined;
  const outdated = new Promise<string>((resolve) => {
    onOutdated = resolve;
  });
  try {
    const store = await postgres.openPostgresStore({ pool, nodeId, onOutdated });
    const checkpoints = postgres.auditCheckpoints(pool);
    return { store, shared: { pool, nodeId, checkpoints, outdated }, close: () => pool.close() };
  } catch (error) {
    await pool.close();
    throw new ConfigError([`KITH_STORE: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** Its driver takes as long to load as all of a short command, and most installs never use it. */
async function loadPostgres() {
  const [store, pool, checkpoints] = await Promise.all([
    import('./store/postgres/postgres-store.ts'),
    import('./store/postgres/primary-pool.ts'),
    import('./store/postgres/audit-checkpoints.ts'),
  ]);
  return { ...store, ...pool, ...checkpoints };
}

export interface OpenedCheckpoints extends CheckpointTrust {
  close(): Promise<void>;
}

/** What nodes have left of their audit logs in the database they share; undefined for the embedded store. */
export async function openCheckpoints({
  dataDir,
  storeUrl,
}: Pick<Config, 'dataDir' | 'storeUrl'>): Promise<OpenedCheckpoints | undefined> {
  if (storeUrl === undefined) return undefined;
  const { openPrimaryPool, auditCheckpoints } = await loadPostgres();
  const pool = openPrimaryPool(storeUrl);
  // None where a log is looked at on another machine
  const nodeId = await readFile(join(dataDir, NODE_ID_FILE), 'utf8').catch(() => undefined);
  return { source: auditCheckpoints(pool), nodeId: nodeId?.trim(), close: () => pool.close() };
}

/** The same at every start, or the node's own ledger and its unfinished work would be somebody else's. */
async function readNodeId(path: string): Promise<string> {
  try {
    await writeFile(path, `${randomUUID()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}

/** Of persons, to see whether the master key is theirs. */
const KEYS_TRIED = 5;

/** Some may be damaged; when none opens, it is the key that is wrong, and every template would be left out in silence. */
export async function requireRightMasterKey(store: Store, vault: Vault): Promise<void> {
  const keys = await store.listSealed('person-keys', { limit: KEYS_TRIED });
  if (keys.length === 0 || keys.some(({ tenantId, sealed }) => vault.canOpen('person-key', tenantId, sealed))) return;
  throw new ConfigError([
    'the master key: what is stored here was sealed under another one. Give the right one back, in KITH_MASTER_KEY or as ' +
      'the file master.key; while it is being replaced, the one before belongs into KITH_PREVIOUS_MASTER_KEY',
  ]);
}

/** Under no tenant's name: a probe that never expires, and that a rotation of the master key seals anew with the rest. */
export const KEY_CHECK = { tenantId: '', probeId: 'master-key-check' };
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

/** Nodes over one database need one master key: the first leaves something sealed under it, which the others try. */
export async function requireSameMasterKey(store: Store, vault: Vault): Promise<void> {
  const { tenantId, probeId } = KEY_CHECK;
  const left = (await store.findProbes(tenantId, [probeId], 0)).get(probeId);
  if (left && vault.canOpen('probe', tenantId, left.sealedTemplate)) return;
  if (left) {
    throw new ConfigError([
      'the master key: the other nodes of this database have another one. Give every node the same KITH_MASTER_KEY, or ' +
        'copies of the same KITH_MASTER_KEY_FILE',
    ]);
  }
  const insert = store.insertProbes(tenantId, [
    {
      probeId,
      recognitionModel: '',
      packId: '',
      quality: { level: 'low', reasons: [] },
      sealedTemplate: vault.sealProbe(tenantId, Float32Array.of(1)),
      expiresMs: FOR_EVER_MS,
    },
  ]);
  await insert.catch((error: unknown) => {
    // Another node was faster
    if (!(error instanceof KithError && error.problem.kind === 'already-exists')) throw error;
    return requireSameMasterKey(store, vault);
  });
}
