import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { readLastBackup } from './backup/last-backup.ts';
import { type Composed, compose, removeCopies } from './compose.ts';
import { type Config, ConfigError } from './config.ts';
import { watchClock } from './core/clock-watch.ts';
import { calibrateGrownGalleries } from './core/operations/calibrate-grown-galleries.ts';
import { sweepRetention } from './core/operations/enforce-retention.ts';
import { failInterruptedOperations } from './core/operations/long-running.ts';
import { createApiKey } from './core/operations/manage-api-keys.ts';
import { rotateMasterKey } from './core/operations/rotate-master-key.ts';
import { sweepExpired } from './core/operations/sweep-expired.ts';
import { createChangeTrimmer } from './core/operations/trim-changes.ts';
import type { Permission } from './core/types.ts';
import { lockImports, lockService } from './data-dir.ts';
import { DEFAULT_TENANT } from './default-tenant.ts';
import { freeDiskBytes } from './free-disk.ts';
import { createServer, type ServerOptions } from './server/server.ts';
import { startStartingServer } from './server/starting-server.ts';

/** How often writes of other processes (a bulk import beside the service) are looked for. */
const FOLLOW_INTERVAL_MS = 500;
const SWEEP_INTERVAL_MS = 30_000;
/** A gallery's own error rates follow its growth within this time. */
const CALIBRATE_INTERVAL_MS = 60_000;
const USES_INTERVAL_MS = 60_000;
const RETENTION_INTERVAL_MS = 600_000;
const AUDIT_CHECK_INTERVAL_MS = 86_400_000;
/** The first check waits until the start is over. */
const FIRST_AUDIT_CHECK_MS = 60_000;
/** Some .7 MB a day in a shared store, where something is done all the time. */
const CHECKPOINT_INTERVAL_MS = 60_000;
const KEY_INTERVAL_MS = 1000;
/** Longer than it takes a request to write what it sealed. */
const SETTLE_MS = 15_000;
const COPY_INTERVAL_MS = 60_000;
const TRIM_INTERVAL_MS = 60_000;

export interface RunningService {
  readonly url: string;
  readonly deps: Composed;
  /** Drains requests, then closes the parts in reverse order. */
  stop(): Promise<void>;
}

/** For programs, beside the line for people. */
export type ServiceFact =
  | { readonly type: 'listening'; readonly url: string; readonly dataDir: string }
  | {
      readonly type: 'key';
      readonly keyId: string;
      readonly key: string;
      readonly label: string;
      readonly permissions: readonly Permission[];
    };

/** Gets what the operator must see: addresses, and a new key, once. */
export type Print = (line: string, fact?: ServiceFact) => void;

/** config → compose → server → listen. `log`: standard output when left out. */
export async function runService(config: Config, print: Print, log?: Writable): Promise<RunningService> {
  const lock = await lockService(config);
  if (!lock)
    throw new ConfigError([`KITH_DATA_DIR: another Kith serves ${config.dataDir}; stop it, or name another folder`]);
  try {
    const service = await start(config, print, log);
    return {
      ...service,
      stop: () => service.stop().finally(() => lock.release()),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function start(config: Config, print: Print, log: Writable | undefined): Promise<RunningService> {
  const tls =
    config.tlsCertPath && config.tlsKeyPath
      ? { tls: { cert: readFileSync(config.tlsCertPath), key: readFileSync(config.tlsKeyPath) } }
      : {};
  // A free port is chosen when the service listens
  const { host, port } = config;
  const starting = port === 0 ? undefined : await startStartingServer({ host, port, ...tls });
  try {
    return await startBehind(config, print, { tls, log, onReady: async () => starting?.close() });
  } catch (error) {
    await starting?.close();
    throw error;
  }
}

async function startBehind(
  config: Config,
  print: Print,
  {
    tls,
    log: stream,
    onReady,
  }: {
    readonly tls: Pick<ServerOptions, 'tls'>;
    readonly log: Writable | undefined;
    readonly onReady: () => Promise<void>;
  },
): Promise<RunningService> {
  let log: FastifyInstance['log'] | undefined;
  const deps = await compose(config, {
    part: 'service',
    onIndexProgress: (rows) => {
      if (rows % 100_000 === 0) print(`Reading the galleries: ${rows} templates so far`);
    },
    onUnreadable: (enrolmentNo) => print(`Template ${enrolmentNo} can't be opened and is left out of searches`),
    onNodeFault: (error) => log?.warn({ errorName: (error as Error).name }, 'the other nodes were not heard'),
    onOutdated: (message) => print(`This node answers nothing any more. ${message}`),
  });
  try {
    await failInterruptedOperations(deps);
    const app = await createServer(deps, {
      log: config.logLevel === 'silent' ? false : { level: config.logLevel, ...(stream ? { stream } : {}) },
      ...tls,
      ...(config.publicUrl === undefined ? {} : { publicUrl: config.publicUrl }),
      policy: {
        ...(config.policyOperator === undefined ? {} : { operator: config.policyOperator }),
        ...(config.policyContact === undefined ? {} : { contact: config.policyContact }),
      },
      ...(config.azureTier === undefined ? {} : { azureTier: config.azureTier }),
      lastBackup: () => readLastBackup(config.dataDir),
      freeDiskBytes: () => freeDiskBytes(config.dataDir),
    });
    log = app.log;
    await onReady();
    await app.listen({ host: config.host, port: config.port });
    const url = addressOf(app.server.address() as AddressInfo, config);
    const stopping = new AbortController();
    const watch = watchClock(deps.clock, () => performance.now());
    // By a clock that was set ahead, everybody's time would be over at once
    const retain = async () => {
      if (!watch.hasJumped()) await sweepRetention(deps, stopping.signal);
      else
        app.log.warn('the clock was set to another day: nobody is erased for age until the service is started again');
    };
    // What several nodes needn't do each
    const once = (chore: () => Promise<unknown>) => async () => {
      if (!deps.nodes || (await deps.nodes.isFirst())) await chore();
    };
    const trimChanges = createChangeTrimmer(deps);
    const chores = [
      every(FOLLOW_INTERVAL_MS, () => deps.follower.catchUp(), app.log),
      every(
        SWEEP_INTERVAL_MS,
        once(() => sweepExpired(deps)),
        app.log,
      ),
      every(SWEEP_INTERVAL_MS, () => deps.erasureLedger.catchUp(), app.log),
      every(USES_INTERVAL_MS, () => deps.uses.flush(), app.log),
      every(RETENTION_INTERVAL_MS, once(retain), app.log),
      every(
        CALIBRATE_INTERVAL_MS,
        once(() => calibrateGrownGalleries(deps, stopping.signal)),
        app.log,
      ),
      every(
        TRIM_INTERVAL_MS,
        once(async () => trimChanges((await deps.nodes?.followedByAll()) ?? deps.keptIndex.follower.changeNo)),
        app.log,
      ),
      every(COPY_INTERVAL_MS, () => deps.keptIndex.saveIfStale(), app.log),
      every(CHECKPOINT_INTERVAL_MS, async () => deps.noteCheckpoints?.(), app.log),
      every(KEY_INTERVAL_MS, () => followRotation(deps, config, { signal: stopping.signal, print }), app.log),
      every(FIRST_AUDIT_CHECK_MS, () => checkAuditDaily(deps), app.log),
    ];
    await printGreeting(deps, config, { url, print });
    return {
      url,
      deps,
      async stop() {
        for (const chore of chores) clearInterval(chore);
        stopping.abort();
        await app.close();
        await deps.keptIndex.saveIfChanged().catch((error) => print(`The copy of the index was not saved: ${error}`));
        await deps.close();
      },
    };
  } catch (error) {
    await deps.close();
    throw error;
  }
}

/** Ends a rotation of the master key that `kith vault rotate`, or the environment, has begun. */
async function followRotation(
  deps: Composed,
  config: Config,
  { signal, print }: { readonly signal: AbortSignal; readonly print: Print },
): Promise<void> {
  deps.vault.refresh();
  if (!deps.vault.isRotating) return;
  // An import beside the service holds keys for longer than a request; it is waited for
  const lock = await lockImports(config);
  if (!lock) return;
  try {
    const settle = () => pause(SETTLE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    const rotated = await rotateMasterKey(deps, { settle, signal });
    if (rotated) {
      await removeCopies(config);
      const rest = config.previousMasterKey ? '; KITH_PREVIOUS_MASTER_KEY can be left out at the next start' : '';
      print(`The master key is replaced: ${rotated.sealedAnew} keys and probes were sealed anew${rest}`);
    }
  } finally {
    lock.release();
  }
}

async function checkAuditDaily({ auditHistory, clock }: Composed): Promise<void> {
  const last = auditHistory.lastCheck();
  if (last && clock.nowMs() - last.checkedMs < AUDIT_CHECK_INTERVAL_MS) return;
  await auditHistory.check();
}

async function printGreeting(
  deps: Composed,
  config: Config,
  { url, print }: { readonly url: string; readonly print: Print },
): Promise<void> {
  const { dataDir } = config;
  print(`Kith listens on ${url}, data in ${dataDir}`, { type: 'listening', url, dataDir });
  if (config.apiKey !== undefined || (await deps.store.listApiKeys()).length > 0) return;
  const first = { label: 'first key', permissions: ['admin'] } as const;
  const made = await createApiKey(deps, { tenantId: DEFAULT_TENANT, ...first });
  print('This is your API key. It is shown this once and stored only as a hash, so keep it now:');
  print(`  ${made.key}`, { type: 'key', ...made, ...first });
}

function addressOf({ address, port, family }: AddressInfo, config: Config): string {
  const scheme = config.tlsCertPath ? 'https' : 'http';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** A chore that fails is logged and tried again at its next turn; two turns never overlap. */
function every(
  intervalMs: number,
  chore: () => Promise<unknown>,
  log: { error(details: object, message: string): void },
): NodeJS.Timeout {
  let underWay = false;
  const timer = setInterval(async () => {
    if (underWay) return;
    underWay = true;
    try {
      await chore();
    } catch (error) {
      log.error({ errorName: (error as Error).name }, 'a background chore failed');
    } finally {
      underWay = false;
    }
  }, intervalMs);
  timer.unref();
  return timer;
}
