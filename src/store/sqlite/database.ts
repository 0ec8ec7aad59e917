import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { explainFailure } from './explain-failure.ts';
import { migrate } from './migrations.ts';

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

function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}
