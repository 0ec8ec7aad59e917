// The one place where parts are put together. Plain calls, in the order in which they need each other.
import { randomUUID } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { type FollowerDeps, startIndexFollower } from './core/index-follower.ts';
import { MAX_IMAGE_BYTES } from './core/limits.ts';
import type { Deps } from './core/ports.ts';
import { createImageFetcher } from './fetch/image-fetcher.ts';
import { createGalleryIndex } from './search/gallery-index.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { createApiKeys } from './vault/api-keys.ts';
import { openVault } from './vault/vault.ts';
import { createFaceEngine } from './vision/face-engine.ts';

export const DEFAULT_TENANT = 'default';

export interface ComposeHooks {
  /** Rows of the store that are in the index so far, while it fills at the start. */
  readonly onIndexProgress: (rows: number) => void;
  readonly onUnreadable: FollowerDeps['onUnreadable'];
}

export interface Composed extends Deps {
  /** In the reverse order of opening; a part that fails to close doesn't keep the next one open. */
  close(): Promise<void>;
}

/** Opens every part the configuration asks for; when one can't be opened, those before it are closed again. */
export async function compose(config: Config, hooks: ComposeHooks): Promise<Composed> {
  const opened: { close(): Promise<void> }[] = [];
  const closeAll = async (): Promise<void> => {
    const outcomes = [];
    for (const part of opened.reverse()) outcomes.push(...(await Promise.allSettled([part.close()])));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const open = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const part = await opening;
    opened.push(part);
    return part;
  };

  try {
    await mkdir(config.dataDir, { recursive: true });
    await chmod(config.dataDir, 0o700);
    // The engine loads its models while the store is read.
    const engineOpening = open(createFaceEngine({ processes: config.engineProcesses }));
    engineOpening.catch(() => undefined);
    const vault = await openVault({ masterKeyPath: join(config.dataDir, 'master.key') });
    const store = await open(openSqliteStore({ path: join(config.dataDir, 'kith.db') }));
    const index = await open(createGalleryIndex({ threads: config.searchThreads }));
    const follower = await startIndexFollower(
      { store, vault, index, onUnreadable: hooks.onUnreadable },
      hooks.onIndexProgress,
    );
    const engine = await engineOpening;
    const clock = { nowMs: Date.now };
    return {
      store,
      vault,
      index,
      follower,
      engine,
      images: createImageFetcher({ allowedHosts: config.imageHosts, maxBytes: MAX_IMAGE_BYTES }),
      keys: createApiKeys(store, {
        clock,
        newId: randomUUID,
        ...(config.apiKey === undefined ? {} : { environmentKey: { key: config.apiKey, tenantId: DEFAULT_TENANT, permissions: ['admin'] as const } }),
      }),
      clock,
      newId: randomUUID,
      recognitionModels: config.recognitionModels,
      close: closeAll,
    };
  } catch (error) {
    await closeAll().catch(() => undefined);
    throw error;
  }
}
