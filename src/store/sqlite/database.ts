import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { explainFailure } from './explain-failure.ts';
import { migrate, requireKnownSchema } from './migrations.ts';

/** How long a statement waits for another process (the `kith` command, say) to finish its transaction. */
const BUSY_TIMEOUT_MS = 10_000;
/** Three 2 KB templates a page; with SQLite's default of 4096 there would be one, and half of the file empty. */
const PAGE_BYTES = 8192;
const CACHE_KIB = 65_536;
/** 32 MB: person ids are random, so the longer the log, the more writes to one page of their index become one. */
const WAL_PAGES = 4000;

/** Opens or creates the database, migrated and ready. The file and its WAL are readable by their owner only. */
export function openDatabase(path: string): Database {
  if (path !== ':memory:') createPrivateFile(path);
  const db = new SqliteDatabase(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('journal_mode = WAL');
    // A commit is on the disk before it is acknowledged
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    // What is deleted is overwritten with zeros, and nothing is sorted in a temporary file
    db.pragma('secure_delete = ON');
    db.pragma('temp_store = MEMORY');
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    if (path !== ':memory:') keepOlderSchema(db, path);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw explainFailure(error, path);
  }
}

/** A second connection to a database that is open already; it can't change anything. */
export function openReader(path: string): Database {
  const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  db.pragma('temp_store = MEMORY');
  db.pragma('trusted_schema = OFF');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  return db;
}

/**
 * Moves the WAL into the database and empties it, so that no earlier copy of an erased row stays behind.
 * False when another process was reading at that moment: to be tried again.
 */
export function emptyWal(db: Database): boolean {
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
  return result.busy === 0;
}

/** A copy of the database as an older Kith left it, beside it, `kith.db.schema-11`, or one that a process is making. */
const OLDER = /\.schema-\d+(?:\.(?<pid>\d+)\.partial)?$/;

/** Before the first change of an upgrade, so that one may go back to the Kith before. */
function keepOlderSchema(db: Database, path: string): void {
  const { version, known } = requireKnownSchema(db);
  removeAbandonedCopies(path);
  const copy = `${path}.schema-${version}`;
  if (version === 0 || version === known || existsSync(copy)) return;
  const partial = `${copy}.${process.pid}.partial`;
  rmSync(partial, { force: true });
  try {
    // Made first, as SQLite would let others read it
    createPrivateFile(partial);
    db.prepare('VACUUM INTO ?').run(partial);
    const file = openSync(partial, 'r');
    fsyncSync(file);
    closeSync(file);
    renameSync(partial, copy);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Of the copies that upgrades left beside the database, those made before; they hold who was erased since. */
export function removeOlderSchemas(path: string, beforeMs = Number.POSITIVE_INFINITY): void {
  for (const { copy } of olderSchemas(path)) {
    const madeMs = statSync(copy, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (madeMs < beforeMs) rmSync(copy, { force: true });
  }
}

/** What a process that died in the middle of an upgrade had copied so far. */
function removeAbandonedCopies(path: string): void {
  for (const { copy, makerPid } of olderSchemas(path)) {
    if (makerPid !== undefined && !isRunning(makerPid)) rmSync(copy, { force: true });
  }
}

function* olderSchemas(path: string): Generator<{ readonly copy: string; readonly makerPid: number | undefined }> {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const found = name.startsWith(basename(path)) ? OLDER.exec(name) : null;
    if (!found) continue;
    const { pid } = found.groups ?? {};
    yield { copy: join(folder, name), makerPid: pid === undefined ? undefined : Number(pid) };
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 asks whether there is somebody to signal
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}
