// The one place where parts are put together. Plain calls, in the order in which they need each other.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AuditFaultError } from './audit/audit-fault.ts';
import { createAuditHistory } from './audit/audit-history.ts';
import { openAuditLog } from './audit/audit-log.ts';
import { AUDIT_FOLDER } from './audit/chain-folder.ts';
import { openReceiptSigner } from './audit/erasure-receipt.ts';
import { createCheckpointNotes } from './audit/note-checkpoints.ts';
import { type Config, ConfigError } from './config.ts';
import { audited } from './core/audited.ts';
import type { FollowerDeps } from './core/index-follower.ts';
import { MAX_IMAGE_BYTES } from './core/limits.ts';
import { findRemappedGalleries } from './core/operations/find-remapped-galleries.ts';
import { endExpiredConsents } from './core/operations/manage-consents.ts';
import { createPersonUses } from './core/person-uses.ts';
import type { Acting, Deps, KnownModels } from './core/ports.ts';
import { DamagedLogError } from './damaged-log-error.ts';
import { openDataDir } from './data-dir.ts';
import { DEFAULT_TENANT } from './default-tenant.ts';
import { createImageFetcher } from './fetch/image-fetcher.ts';
import { fillIndex, type KeptIndex } from './kept-index.ts';
import { vaultSourceOf } from './master-key-source.ts';
import {
  DATABASE_FILE,
  mayHoldData,
  openStore,
  requireRightMasterKey,
  requireSameMasterKey,
  type SharedStore,
} from './open-store.ts';
import { packageVersion } from './package-version.ts';
import { createGalleryIndex } from './search/gallery-index.ts';
import { followSharedIndex } from './shared-index.ts';
import { openErasureLedger } from './store/erasure-ledger.ts';
import type { Nodes } from './store/postgres/nodes.ts';
import type { PrimaryPool } from './store/postgres/primary-pool.ts';
import { removeOlderSchemas } from './store/sqlite/database.ts';
import { createApiKeys } from './vault/api-keys.ts';
import { openVault } from './vault/vault.ts';
import { createFaceEngine, listPacks } from './vision/face-engine.ts';
import type { AddedPacks } from './vision/face-models.ts';
import { CATALOGUE } from './vision/model-catalogue.ts';
import { UNMEASURED_CALIBRATION } from './vision/model-manifest.ts';
import { ModelRefusedError } from './vision/model-refused-error.ts';
import { listAddedPacks } from './vision/models-folder.ts';

/** Of what was erased, within the data directory; a restore keeps the one that is there. */
export const ERASURE_LEDGER_FILE = 'erasures.log';
/** Who goes back to an older Kith does it in this time. */
const OLDER_SCHEMA_KEPT_MS = 30 * 86_400_000;
const INDEX_COPY_FILE = 'index.copy';

/** Which part of Kith opens what is stored; on record as in use until it is closed. */
export type UsePart = 'service' | 'command-line';

/** What a command may write before it notices a full disk: fewer records than a service makes in a second. */
const COMMAND_RESERVE_BYTES = 64 * 1024;

export interface ComposeHooks {
  readonly part: UsePart;
  /** Rows of the store that are in the index so far, while it fills at the start. */
  readonly onIndexProgress: (rows: number) => void;
  readonly onUnreadable: FollowerDeps['onUnreadable'];
  /** What went wrong between this node and the others of a shared store; it is tried again. */
  readonly onNodeFault?: (error: unknown) => void;
  /** This node can do nothing any more: what to do, in words. */
  readonly onOutdated?: (message: string) => void;
}

interface Closable {
  /** In the reverse order of opening; a part that fails to close doesn't keep the next one open. */
  close(): Promise<void>;
}

/** What there is only where several nodes share a store. */
interface OfNode {
  readonly shared?: SharedStore;
  /** Leaves in the store how far the audit log has come. */
  readonly noteCheckpoints?: (() => Promise<void>) | undefined;
}

export type Composed = Deps &
  OfNode &
  Acting &
  Closable & {
    readonly keptIndex: KeptIndex;
    /** The others that work on the same store; absent for the embedded one. */
    readonly nodes?: Nodes;
  };

/** Opens every part the configuration asks for; when one can't be opened, those before it are closed again. */
export async function compose(config: Config, hooks: ComposeHooks): Promise<Composed> {
  const base = await composeWithoutIndex(config, hooks.part);
  let keptIndex: KeptIndex | undefined;
  let nodes: Nodes | undefined;
  // Of the search alone, so that nothing that is stored waits for it
  let searchPool: PrimaryPool | undefined;
  const database = join(config.dataDir, DATABASE_FILE);
  removeOlderSchemas(database, Date.now() - OLDER_SCHEMA_KEPT_MS);
  const close = () => closeAll([base, searchPool, keptIndex?.index, nodes].filter((part) => part !== undefined));
  try {
    await endExpiredConsents(base);
    const filling = { ...base, onUnreadable: hooks.onUnreadable, onProgress: hooks.onIndexProgress };
    if (config.searchIn === 'postgres' && config.storeUrl !== undefined) {
      // Of a node that searched in memory before: it would outlive erasures
      await rm(join(config.dataDir, INDEX_COPY_FILE), { force: true });
      const { openPrimaryPool } = await import('./store/postgres/primary-pool.ts');
      const { openDatabaseIndex } = await import('./search/postgres/postgres-index.ts');
      searchPool = openPrimaryPool(config.storeUrl);
      keptIndex = await followSharedIndex({ ...filling, index: await openDatabaseIndex({ pool: searchPool }) });
    } else {
      keptIndex = await fillIndex({
        ...filling,
        openIndex: () => createGalleryIndex({ threads: config.searchThreads }),
        path: join(config.dataDir, INDEX_COPY_FILE),
        removeOtherCopies: async () => removeOlderSchemas(database),
      });
    }
    const { index, follower } = keptIndex;
    // A command beside the service is no node of its own
    if (!base.shared || hooks.part !== 'service') return { ...base, index, follower, keptIndex, close };
    const { joinNodes } = await import('./store/postgres/nodes.ts');
    nodes = await joinNodes({
      ...base.shared,
      name: nodeNameOf(config),
      version: packageVersion(),
      follower,
      onError: hooks.onNodeFault ?? (() => undefined),
    });
    const { catchUpElsewhere, close: leave } = nodes;
    base.shared.outdated.then((message) => {
      hooks.onOutdated?.(message);
      // It follows nothing any more, so nobody should wait for it
      return leave();
    });
    return {
      ...base,
      index,
      follower: { catchUp: () => follower.catchUp(), catchUpElsewhere },
      keptIndex,
      nodes,
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** For a process that writes and never searches, such as a bulk import beside the service: no template stays in memory. */
export async function composeWithoutIndex(
  config: Config,
  part: UsePart,
): Promise<Omit<Deps, 'index'> & OfNode & Acting & Closable> {
  // The engine loads its models while the store is read.
  const [engine, records] = await Promise.allSettled([openEngine(config), openRecords(config, part)]);
  const parts = [engine, records].flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
  if (engine.status === 'rejected' || records.status === 'rejected') {
    await closeAll(parts).catch(() => undefined);
    throw engine.status === 'rejected' ? engine.reason : (records as PromiseRejectedResult).reason;
  }
  try {
    requireMeasuredPacks(engine.value);
    await requireBoundPacks(records.value);
  } catch (error) {
    await closeAll(parts).catch(() => undefined);
    throw error;
  }
  return {
    ...records.value,
    ...engine.value,
    follower: { catchUp: async () => undefined },
    close: () => closeAll(parts),
  };
}

/** What is stored, and which models there are: for what looks at no photo, so that none of them is loaded. */
export async function openRecordsAndPacks(config: Config, part: UsePart) {
  const packs = await explainingModels(async () => listPacks(await findAddedPacks(config)));
  const records = await openRecords(config, part);
  try {
    const deps = { ...records, engine: { packs } };
    requireMeasuredPacks(deps);
    await requireBoundPacks(deps);
    return deps;
  } catch (error) {
    await records.close().catch(() => undefined);
    throw error;
  }
}

/** Eyes without a memory: for what looks at photos and keeps nothing. */
export async function openEngine(config: Config): Promise<Pick<Deps, 'engine' | 'recognitionModels'> & Closable> {
  return explainingModels(async () => {
    const added = await findAddedPacks(config);
    const engine = await createFaceEngine({ processes: config.engineProcesses, ...(added && { added }) });
    return { engine, recognitionModels: config.recognitionModels, close: () => engine.close() };
  });
}

async function explainingModels<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What is wrong with a model is its owner's to mend, not a fault of the program
    if (error instanceof ModelRefusedError) throw new ConfigError([`KITH_RECOGNITION_MODELS: ${error.message}`]);
    throw error;
  }
}

/**
 * Packs that the settings name and that don't come with Kith; undefined for none. A name that no pack answers for would
 * start well and fail at the first photo.
 */
async function findAddedPacks(config: Config): Promise<AddedPacks | undefined> {
  const shipped = CATALOGUE.map(({ packId }) => packId);
  const named = [...config.recognitionModels].filter(([, packId]) => !shipped.includes(packId));
  if (named.length === 0) return undefined;
  const modelsDir = modelsDirOf(config);
  const added = await listAddedPacks(modelsDir);
  const known = [...shipped, ...added].join(', ');
  const faults = named
    .filter(([, packId]) => !added.includes(packId))
    .map(
      ([name, packId]) =>
        `KITH_RECOGNITION_MODELS: ${name} names the pack "${packId}", and there is only ${known}; "kith models add" adds one`,
    );
  if (faults.length > 0) throw new ConfigError(faults);
  return { modelsDir, packIds: [...new Set(named.map(([, packId]) => packId))] };
}

/**
 * What is erased must not live on in copies: that of the index, which the service makes anew, and that of the database
 * which an upgrade left.
 */
export async function removeCopies(config: Pick<Config, 'dataDir'>): Promise<void> {
  await rm(join(config.dataDir, INDEX_COPY_FILE), { force: true });
  removeOlderSchemas(join(config.dataDir, DATABASE_FILE));
}

/** Where models that the owner brought lie. */
export function modelsDirOf(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'models');
}

/** Without a measured tail there is no threshold, and so no answer that Kith could stand for. */
function requireMeasuredPacks({ engine, recognitionModels }: KnownModels): void {
  const unmeasured = engine.packs.filter(({ calibration }) => calibration === UNMEASURED_CALIBRATION);
  const named = new Set(recognitionModels.values());
  const faults = unmeasured
    .filter(({ packId }) => named.has(packId))
    .map(
      ({ packId }) =>
        `KITH_RECOGNITION_MODELS: nobody has measured how the scores of "${packId}" are to be read, so it would name ` +
        `strangers. Measure it with "kith models calibrate ${packId} ./labelled-photos", or leave it out until then`,
    );
  if (faults.length > 0) throw new ConfigError(faults);
}

async function requireBoundPacks(deps: Pick<Deps, 'store' | 'recognitionModels'>): Promise<void> {
  const remapped = await findRemappedGalleries(deps);
  if (remapped.length === 0) return;
  throw new ConfigError(
    remapped.map(({ gallery: { galleryId, recognitionModel }, boundPackId, mappedPackId }) =>
      mappedPackId === undefined
        ? `KITH_RECOGNITION_MODELS: the gallery "${galleryId}" is of ${recognitionModel}, which is no longer named. ` +
          `Set ${recognitionModel}=${boundPackId} again`
        : `KITH_RECOGNITION_MODELS: ${recognitionModel} names the pack "${mappedPackId}", but the templates of the gallery "${galleryId}" are of "${boundPackId}" and can't be compared with others. ` +
          `Set ${recognitionModel}=${boundPackId} again, and give "${mappedPackId}" a name of its own`,
    ),
  );
}

/** A memory without eyes: for what lists or changes what is stored. */
export async function openRecords(
  config: Config,
  part: UsePart,
): Promise<
  Pick<
    Deps,
    | 'store'
    | 'uses'
    | 'erasureLedger'
    | 'receipts'
    | 'vault'
    | 'keys'
    | 'auditLog'
    | 'auditHistory'
    | 'images'
    | 'clock'
    | 'newId'
    | 'recognitionModels'
  > &
    OfNode &
    Acting &
    Closable
> {
  await openDataDir(config.dataDir);
  const vault = await openVault(vaultSourceOf(config, mayHoldData(config)));
  const clock = { nowMs: Date.now };
  const auditFolder = join(config.dataDir, AUDIT_FOLDER);
  const auditLog = await openAuditLog({
    folder: auditFolder,
    clock,
    part,
    ...(part === 'command-line' ? { reserveBytes: COMMAND_RESERVE_BYTES } : {}),
  }).catch((cause: unknown) => {
    if (!(cause instanceof AuditFaultError)) throw cause;
    throw new DamagedLogError(cause);
  });
  const opened: Closable[] = [auditLog];
  try {
    const { store, shared, close: closeStore } = await openStore(config);
    const checkpoints = shared && { source: shared.checkpoints, nodeId: shared.nodeId };
    const noteCheckpoints =
      checkpoints &&
      (await createCheckpointNotes({
        folder: auditFolder,
        checkpoints: checkpoints.source,
        nodeId: checkpoints.nodeId,
        nodeName: nodeNameOf(config),
      }));
    // The log's end is for the database too; should that be away, the next start says it
    if (noteCheckpoints)
      opened.unshift({ close: closeStore }, { close: () => noteCheckpoints().catch(() => undefined) });
    else opened.push({ close: closeStore });
    await noteCheckpoints?.();
    await requireRightMasterKey(store, vault);
    if (shared) await requireSameMasterKey(store, vault);
    // What nobody's key asked for: the command line's own, and the service's chores
    const audit = auditLog.actingAs({ tenantId: DEFAULT_TENANT, keyId: part });
    const erasureLedger = await openErasureLedger({
      path: join(config.dataDir, ERASURE_LEDGER_FILE),
      store,
      clock,
      onOlderDatabase: (erasures, apply) =>
        audited({ audit }, { action: 'erase-again', countsOf: () => ({ erasures }) }, async () => {
          // Of the database that was replaced: its numbers mean others now
          await removeCopies(config);
          await apply();
        }),
    });
    opened.push(erasureLedger);
    const uses = createPersonUses({ store, clock });
    opened.push({ close: () => uses.flush() });
    const receipts = await openReceiptSigner(auditFolder);
    return {
      store,
      ...(shared ? { shared, noteCheckpoints } : {}),
      uses,
      erasureLedger,
      receipts,
      vault,
      auditLog,
      auditHistory: createAuditHistory({ folder: auditFolder, clock, log: auditLog, key: receipts.key, checkpoints }),
      audit,
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
      close: () => closeAll(opened),
    };
  } catch (error) {
    await closeAll(opened).catch(() => undefined);
    throw error;
  }
}

/** For people: which of the nodes it is. */
function nodeNameOf({ port }: Config): string {
  return `${hostname()}:${port}`;
}

async function closeAll(parts: readonly Closable[]): Promise<void> {
  const outcomes = [];
  for (const part of parts.toReversed()) outcomes.push(...(await Promise.allSettled([part.close()])));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
