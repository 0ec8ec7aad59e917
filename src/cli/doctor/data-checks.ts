// What lies in the data directory, with or without a service running on it.
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { AUDIT_FOLDER } from '../../audit/chain-folder.ts';
import { verifyAudit } from '../../audit/verify-audit.ts';
import { isServiceRunning } from '../../data-dir.ts';
import { masterKeyPathOf } from '../../master-key-source.ts';
import { DATABASE_FILE, mayHoldData, openCheckpoints } from '../../open-store.ts';
import { requireKnownSchema } from '../../store/sqlite/migrations.ts';
import { MASTER_KEY_BYTES } from '../../vault/master-key.ts';
import { type Check, type Finding, fault, isOpenToOthers, note, ok } from './finding.ts';

/** A clock may be this much behind the newest record: two machines' clocks differ. */
const CLOCK_SLACK_MS = 60_000;

export const checkData: Check = async ({ dataDir }) => {
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) return note(`${dataDir} is not there yet; the first start makes it`);
  if (!found.isDirectory()) return fault(`${dataDir} is a file: name a folder with KITH_DATA_DIR`);
  if (isOpenToOthers(found.mode)) return fault(`${dataDir} can be entered by others: chmod 700 ${dataDir}`);
  const mayWrite = await access(dataDir, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return mayWrite
    ? ok(`${dataDir} is its owner's alone`)
    : fault(`${dataDir} can't be written: run this as the user of the service`);
};

export const checkMasterKey: Check = async (config) => {
  const path = masterKeyPathOf(config);
  if (path === undefined) return ok('the master key comes from the environment');
  const found = await stat(path).catch(() => undefined);
  if (!found) return mayHoldData(config) ? fault(`${path} is missing: put it back from your backup`) : undefined;
  if (isOpenToOthers(found.mode)) return fault(`${path} can be read by others: chmod 600 ${path}`);
  return found.size === MASTER_KEY_BYTES
    ? ok('the master key is there, for its owner alone')
    : fault(`${path} is no master key`);
};

/** The embedded one. */
export const checkDatabaseFile: Check = async ({ dataDir, storeUrl }) => {
  const path = join(dataDir, DATABASE_FILE);
  const found = await stat(path).catch(() => undefined);
  if (!found || storeUrl !== undefined) return undefined;
  const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    const [result] = db.pragma('quick_check(1)') as [{ quick_check: string }];
    if (result.quick_check !== 'ok') {
      return fault(`the database is damaged: stop the service and restore a backup (${result.quick_check})`);
    }
    const { version, known } = requireKnownSchema(db);
    const size = `${(found.size / 1e6).toFixed(1)} MB, schema ${version}`;
    return version === known
      ? ok(`the database is sound (${size})`)
      : note(`the database is sound (${size}), of an older Kith: the next start brings it to schema ${known}`);
  } finally {
    db.close();
  }
};

export const checkAudit: Check = async (config) => {
  const folder = join(config.dataDir, AUDIT_FOLDER);
  if (!(await stat(folder).catch(() => undefined))) return undefined;
  const checkpoints = await openCheckpoints(config);
  const { isIntact, chains } = await verifyAudit({ folder, checkpoints }).finally(() => checkpoints?.close());
  if (!isIntact) return fault('the audit log is not what was written: kith audit verify says where');
  const records = chains.reduce((sum, chain) => sum + chain.records, 0);
  const findings: Finding[] = [ok(`the audit log is intact, ${records} records`)];
  const newest = Math.max(0, ...chains.map(({ lastTime }) => (lastTime ? Date.parse(lastTime) : 0)));
  if (newest > Date.now() + CLOCK_SLACK_MS) {
    const setBack = fault(`the clock is set back: the newest record is of ${new Date(newest).toISOString()}`);
    findings.push({ ...setBack, check: 'time' });
  }
  return findings;
};

export const checkService: Check = async (config) => {
  if (!(await stat(config.dataDir).catch(() => undefined))) return undefined;
  return ok((await isServiceRunning(config)) ? 'a service runs on the data' : 'no service runs on the data');
};
