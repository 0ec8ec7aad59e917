// The real service in this process: real store (in memory), vault, index and engine behind a real socket.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAuditHistory } from '../../src/audit/audit-history.ts';
import { openAuditLog } from '../../src/audit/audit-log.ts';
import { AUDIT_FOLDER } from '../../src/audit/chain-folder.ts';
import { openReceiptSigner } from '../../src/audit/erasure-receipt.ts';
import { makeCertificates } from '../../src/cli/certificates.ts';
import { startIndexFollower } from '../../src/core/index-follower.ts';
import { MAX_IMAGE_BYTES } from '../../src/core/limits.ts';
import { failInterruptedOperations } from '../../src/core/operations/long-running.ts';
import { createPersonUses } from '../../src/core/person-uses.ts';
import type { AuditLog, Clock, Deps, FaceEngine, ImageFetcher } from '../../src/core/ports.ts';
import { createImageFetcher } from '../../src/fetch/image-fetcher.ts';
import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import type { DeclaredRoute } from '../../src/server/access.ts';
import { createServer, type ServerOptions } from '../../src/server/server.ts';
import { openErasureLedger } from '../../src/store/erasure-ledger.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { createApiKeys } from '../../src/vault/api-keys.ts';
import { openVault } from '../../src/vault/vault.ts';
import { createFaceEngine } from '../../src/vision/face-engine.ts';

export interface TestService {
  readonly url: string;
  /** An admin key of the tenant `home`. */
  readonly key: string;
  readonly deps: Deps;
  readonly auditFolder: string;
  readonly routes: readonly DeclaredRoute[];
  readonly app: FastifyInstance;
  stop(): Promise<void>;
}

export interface TestServiceOptions extends Partial<ServerOptions> {
  readonly clock?: Clock;
  /** An engine that outlives the service. */
  readonly engine?: FaceEngine;
  /** Where the store is; in memory when left out. */
  readonly storePath?: string;
  readonly masterKey?: Uint8Array;
  /** In a file instead. */
  readonly masterKeyPath?: string;
  /** What stands between the service and its log, for tests of what happens when it can't be written. */
  readonly throughAuditLog?: (auditLog: AuditLog) => AuditLog;
  /** No URL is fetched when left out. */
  readonly images?: ImageFetcher;
}

export async function startService(options: TestServiceOptions = {}): Promise<TestService> {
  const {
    clock = { nowMs: Date.now },
    engine = await createFaceEngine({ processes: 1 }),
    storePath = ':memory:',
    masterKey = randomBytes(32),
    masterKeyPath,
    throughAuditLog = (auditLog) => auditLog,
    images = createImageFetcher({ allowedHosts: [], maxBytes: MAX_IMAGE_BYTES }),
    ...serverOptions
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'kith-service-'));
  const auditFolder = join(folder, AUDIT_FOLDER);
  const auditLog = await openAuditLog({ folder: auditFolder, clock, part: 'service' });
  const store = await openSqliteStore({ path: storePath });
  const vault = await openVault(masterKeyPath === undefined ? { masterKey } : { masterKeyPath });
  const erasureLedger = await openErasureLedger({
    path: join(folder, 'erasures.log'),
    store,
    clock,
    onOlderDatabase: (_erasures, apply) => apply(),
  });
  const index = await createGalleryIndex({ threads: 1 });
  const onUnreadable = (enrolmentNo: number, error: unknown) => {
    throw new Error(`template ${enrolmentNo} can't be opened`, { cause: error });
  };
  const follower = await startIndexFollower({ store, vault, index, onUnreadable }, () => {});
  const receipts = await openReceiptSigner(auditFolder);
  const deps: Deps = {
    store,
    vault,
    auditLog: throughAuditLog(auditLog),
    auditHistory: createAuditHistory({ folder: auditFolder, clock, log: auditLog, key: receipts.key }),
    index,
    follower,
    uses: createPersonUses({ store, clock }),
    erasureLedger,
    receipts,
    engine,
    images,
    keys: createApiKeys(store, { clock, newId: randomUUID }),
    clock,
    newId: randomUUID,
    recognitionModels: new Map(['01', '02', '03', '04'].map((version) => [`recognition_${version}`, 'fast'])),
  };
  await failInterruptedOperations(deps);
  const { key } = await deps.keys.create({ tenantId: 'home', label: 'test', permissions: ['admin'] });
  const routes: DeclaredRoute[] = [];
  const app = await createServer(deps, { log: false, onRoute: (route) => routes.push(route), ...serverOptions });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `${serverOptions.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    key,
    deps,
    auditFolder,
    routes,
    app,
    async stop() {
      await app.close();
      await index.close();
      await store.close();
      await auditLog.close();
      await erasureLedger.close();
      await rm(folder, { recursive: true, force: true });
      if (!options.engine) await engine.close();
    },
  };
}

/** The same over HTTPS, with a certificate of an authority made for it. */
export async function startSecureService(
  options: Omit<TestServiceOptions, 'tls'> = {},
): Promise<{ readonly service: TestService; readonly ca: string }> {
  const { ca, server } = await makeCertificates();
  const tls = { cert: Buffer.from(server.cert), key: Buffer.from(server.key) };
  return { service: await startService({ ...options, tls }), ca: ca.cert };
}
