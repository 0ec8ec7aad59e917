// The one place where parts are put together. Plain calls, in the order in which they need each other.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import type { FollowerDeps } from './core/index-follower.ts';
import { MAX_IMAGE_BYTES } from './core/limits.ts';
import type { Deps } from './core/ports.ts';
import { createImageFetcher } from './fetch/image-fetcher.ts';
import { fillIndex, type KeptIndex } from './kept-index.ts';
import { createGalleryIndex } from './search/gallery-index.ts';
import { acquireProcessLock, type ProcessLock } from './store/sqlite/process-lock.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { createApiKeys } from './vault/api-keys.ts';
import { openVault } from './vault/vault.ts';
import { createFaceEngine } from './vision/face-engine.ts';

export const DEFAULT_TENANT = 'default';
/** Of the embedded store, within the data directory. */
export const DATABASE_FILE = 'kith.db';
const INDEX_COPY_FILE = 'index.copy';

export interface ComposeHooks {
  /** Rows of the store that are in the index so far, while it fills at the start. */
  readonly onIndexProgress: (rows: number) => void;
  readonly onUnreadable: FollowerDeps['onUnreadable'];
}

interface Closable {
  /** In the reverse order of opening; a part that fails to close doesn't keep the next one open. */
  close(): Promise<void>;
}

export type Composed = Deps & Closable & { readonly keptIndex: KeptIndex };

/** Opens every part the configuration asks for; when one can't be opened, those before it are closed again. */
export async function compose(config: Config, hooks: ComposeHooks): Promise<Composed> {
  const base = await composeWithoutIndex(config);
  let keptIndex: KeptIndex | undefined;
  const close = () => closeAll([base, ...(keptIndex ? [keptIndex.index] : [])]);
  try {
    keptIndex = await fillIndex({
      ...base,
      openIndex: () => createGalleryIndex({ threads: config.searchThreads }),
      path: join(config.dataDir, INDEX_COPY_FILE),
      onUnreadable: hooks.onUnreadable,
      onProgress: hooks.onIndexProgress,
    });
    const { index, follower } = keptIndex;
    return { ...base, index, follower, keptIndex, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** For a process that writes and never searches, such as a bulk import beside the service: no template stays in memory. */
export async function composeWithoutIndex(config: Config): Promise<Omit<Deps, 'index'> & Closable> {
  // The engine loads its models while the store is read.
  const [engine, records] = await Promise.allSettled([openEngine(config), openRecords(config)]);
  const parts = [engine, records].flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
  if (engine.status === 'rejected' || records.status === 'rejected') {
    await closeAll(parts).catch(() => undefined);
    throw engine.status === 'rejected' ? engine.reason : (records as PromiseRejectedResult).reason;
  }
  return {
    ...records.value,
    ...engine.value,
    follower: { catchUp: async () => undefined },
    close: () => closeAll(parts),
  };
}

/** Eyes without a memory: for what looks at photos and keeps nothing. */
export async function openEngine(config: Config): Promise<Pick<Deps, 'engine' | 'recognitionModels'> & Closable> {
  const engine = await createFaceEngine({ processes: config.engineProcesses });
  try {
    requireKnownPacks(config, engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return { engine, recognitionModels: config.recognitionModels, close: () => engine.close() };
}

/** A name that no pack answers for would start well and fail at the first photo. */
function requireKnownPacks({ recognitionModels }: Config, { packs }: Deps['engine']): void {
  const known = packs.map(({ packId }) => packId);
  const faults = [...recognitionModels].filter(([, packId]) => !known.includes(packId));
  if (faults.length === 0) return;
  throw new ConfigError(
    faults.map(
      ([name, packId]) =>
        `KITH_RECOGNITION_MODELS: ${name} names the pack "${packId}", and there is only ${known.join(', ')}`,
    ),
  );
}

/** A memory without eyes: for what lists or changes what is stored. */
export async function openRecords(
  config: Config,
): Promise<Pick<Deps, 'store' | 'vault' | 'keys' | 'images' | 'clock' | 'newId' | 'recognitionModels'> & Closable> {
  await mkdir(config.dataDir, { recursive: true });
  await chmod(config.dataDir, 0o700);
  const path = join(config.dataDir, DATABASE_FILE);
  const vault = await openVault({ masterKeyPath: join(config.dataDir, 'master.key'), mustExist: existsSync(path) });
  const store = await openSqliteStore({ path });
  const clock = { nowMs: Date.now };
  return {
    store,
    vault,
    keys: createApiKeys(store, {
      clock,
      newId: randomUUID,
      ...(config.apiKey === undefined
        ? {}
        : { environmentKey: { key: config.apiKey, tenantId: DEFAULT_TENANT, permissions: ['admin'] } }),
    }),
    images: createImageFetcher({ allowedHosts: config.imageHosts, maxBytes: MAX_IMAGE_BYTES }),
    clock,
    newId: randomUUID,
    recognitionModels: config.recognitionModels,
    close: () => store.close(),
  };
}

/** Two imports at once could make one person twice; undefined while another process imports. */
export async function lockImports(config: Config): Promise<ProcessLock | undefined> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  return acquireProcessLock(join(config.dataDir, 'import.lock'));
}

async function closeAll(parts: readonly Closable[]): Promise<void> {
  const outcomes = [];
  for (const part of parts.toReversed()) outcomes.push(...(await Promise.allSettled([part.close()])));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
