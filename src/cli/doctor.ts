import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Command } from 'commander';
import { AUDIT_FOLDER } from '../audit/chain-folder.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import { lockService, masterKeyPathOf, openEngine } from '../compose.ts';
import type { Config } from '../config.ts';
import { DATABASE_FILE, mayHoldData } from '../open-store.ts';
import { loadKernelModule } from '../search/kernel-module.ts';
import { openPrimaryPool } from '../store/postgres/primary-pool.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';

/** `note` is worth knowing, `fault` wants mending. */
interface Finding {
  readonly outcome: 'ok' | 'note' | 'fault';
  readonly message: string;
}

type Check = (config: Config) => Promise<Finding | undefined>;

const OLDEST_NODE = [20, 19] as const;
const LOW_DISK_BYTES = 1e9;
const DAY_MS = 86_400_000;
const CERTIFICATE_SOON_DAYS = 30;
/** A clock may be this much behind the newest record: two machines' clocks differ. */
const CLOCK_SLACK_MS = 60_000;

/** In the order in which one part needs the other. Undefined where there is nothing to look at. */
const CHECKS: Readonly<Record<string, Check>> = {
  node: async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const [oldest, oldestMinor] = OLDEST_NODE;
    return major > oldest || (major === oldest && minor >= oldestMinor)
      ? ok(`Node.js ${process.versions.node}`)
      : fault(`Node.js ${process.versions.node} is too old: install ${oldest}.${oldestMinor} or newer`);
  },
  models: async (config) => {
    const { engine, close } = await openEngine({ ...config, engineProcesses: 1 });
    const names = engine.packs.map(({ packId, version }) => `${packId} ${version}`);
    await close();
    return ok(`models load, their checksums are right: ${names.join(', ')}`);
  },
  search: async () => {
    const { warning } = await loadKernelModule();
    return warning ? fault(warning) : ok('the fast search loads');
  },
  data: async ({ dataDir }) => {
    const found = await stat(dataDir).catch(() => undefined);
    if (!found) return note(`${dataDir} is not there yet; the first start makes it`);
    if (!found.isDirectory()) return fault(`${dataDir} is a file: name a folder with KITH_DATA_DIR`);
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      return fault(`${dataDir} can be entered by others: chmod 700 ${dataDir}`);
    }
    return ok(`${dataDir} is its owner's alone`);
  },
  disk: async ({ dataDir }) => {
    const { bavail, bsize } = await statfs(dataDir);
    const free = bavail * bsize;
    const said = `${(free / 1e9).toFixed(1)} GB are free in ${dataDir}`;
    return free < LOW_DISK_BYTES ? fault(`only ${said}: make room`) : ok(said);
  },
  'master key': async (config) => {
    const path = masterKeyPathOf(config);
    if (path === undefined) return ok('the master key comes from the environment');
    const found = await stat(path).catch(() => undefined);
    const hasData = mayHoldData(config);
    if (!found) return hasData ? fault(`${path} is missing: put it back from your backup`) : undefined;
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      return fault(`${path} can be read by others: chmod 600 ${path}`);
    }
    return found.size === 32 ? ok('the master key is there, for its owner alone') : fault(`${path} is no master key`);
  },
  database: async (config) => {
    const { dataDir, storeUrl } = config;
    if (storeUrl !== undefined) {
      const pool = openPrimaryPool(storeUrl);
      try {
        (await pool.connect()).release();
      } finally {
        await pool.close();
      }
      return ok('the database of KITH_STORE answers, and takes writes');
    }
    const path = join(dataDir, DATABASE_FILE);
    const found = await stat(path).catch(() => undefined);
    if (!found) return undefined;
    const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      const [result] = db.pragma('quick_check(1)') as [{ quick_check: string }];
      return result.quick_check === 'ok'
        ? ok(`the database is sound (${(found.size / 1e6).toFixed(1)} MB)`)
        : fault(`the database is damaged: stop the service and restore a backup (${result.quick_check})`);
    } finally {
      db.close();
    }
  },
  audit: async ({ dataDir }) => {
    const folder = join(dataDir, AUDIT_FOLDER);
    if (!(await stat(folder).catch(() => undefined))) return undefined;
    const { isIntact, chains } = await verifyAudit({ folder });
    if (!isIntact) return fault('the audit log is not what was written: kith audit verify says where');
    const newest = Math.max(0, ...chains.map(({ lastTime }) => (lastTime ? Date.parse(lastTime) : 0)));
    if (newest > Date.now() + CLOCK_SLACK_MS) {
      return fault(`the clock is set back: the newest record is of ${new Date(newest).toISOString()}`);
    }
    return ok(`the audit log is intact, ${chains.reduce((sum, { records }) => sum + records, 0)} records`);
  },
  tls: async ({ tlsCertPath, tlsKeyPath }) => {
    if (!tlsCertPath || !tlsKeyPath) return note('no certificate is set: the service speaks plain HTTP');
    const certificate = new X509Certificate(readFileSync(tlsCertPath));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(tlsKeyPath)))) {
      return fault('KITH_TLS_KEY is not the key of KITH_TLS_CERT');
    }
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / DAY_MS);
    if (days < 0) return fault(`the certificate has run out on ${certificate.validTo}`);
    return days < CERTIFICATE_SOON_DAYS
      ? note(`the certificate runs out in ${days} days`)
      : ok(`the certificate is good for ${days} days`);
  },
  service: async (config) => {
    if (!(await stat(config.dataDir).catch(() => undefined))) return undefined;
    const lock = await lockService(config);
    lock?.release();
    return ok(lock ? 'no service runs on the data' : 'a service runs on the data');
  },
};

export function addDoctorCommand(program: Command, run: RunCommand): void {
  program
    .command('doctor')
    .description('Looks over the install and the data, and says what is wrong and what to do. Changes nothing.')
    .addHelpText('after', '\nExample:\n  kith doctor --data-dir /var/lib/kith')
    .action((_options: object, command: Command) => run(command, lookOver));
}

async function lookOver({ terminal, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig();
  let faults = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    const finding = await check(config).catch((error: unknown) =>
      fault(error instanceof Error ? error.message : String(error)),
    );
    if (!finding) continue;
    const { outcome, message } = finding;
    if (outcome === 'fault') faults++;
    terminal.record({ type: 'finding', check: name, outcome, message });
    const style = ({ ok: 'green', note: 'yellow', fault: 'red' } as const)[outcome];
    terminal.answer(terminal.fold(`${terminal.paint(style, outcome.padEnd(5))} ${name}: ${printable(message)}`));
  }
  return faults === 0 ? EXIT.done : EXIT.someRefused;
}

const ok = (message: string): Finding => ({ outcome: 'ok', message });
const note = (message: string): Finding => ({ outcome: 'note', message });
const fault = (message: string): Finding => ({ outcome: 'fault', message });
