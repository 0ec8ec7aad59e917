import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { syncDirectory } from './append-file.ts';
import { LOCK_FILE, listChains } from './chain-folder.ts';

export interface ClaimedChain {
  readonly chain: string;
  release(): void;
}

/**
 * Takes the first chain that no other process writes, or begins a new one. So there are as many chains as processes
 * ever wrote at the same time: one for a service, a second one for commands beside it.
 */
export async function claimChain(auditFolder: string): Promise<ClaimedChain> {
  for (const chain of await listChains(auditFolder)) {
    const release = tryLock(join(auditFolder, chain, LOCK_FILE));
    if (release) return { chain, release };
  }
  for (;;) {
    const number = String((await listChains(auditFolder)).length + 1).padStart(4, '0');
    const chain = `${number}-${randomBytes(4).toString('hex')}`;
    await mkdir(join(auditFolder, chain), { mode: 0o700 });
    await syncDirectory(auditFolder);
    const release = tryLock(join(auditFolder, chain, LOCK_FILE));
    // Undefined when another process saw the new folder and was faster
    if (release) return { chain, release };
  }
}

/**
 * The lock is the system's own, taken through SQLite: it ends with its process, however that ends, and holds between
 * containers that share a volume, where a process id says nothing.
 */
function tryLock(path: string): (() => void) | undefined {
  createPrivateFile(path);
  const database = new SqliteDatabase(path, { timeout: 0 });
  try {
    // No journal file: nothing is ever written
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return () => database.close();
  } catch (error) {
    database.close();
    if (error instanceof SqliteDatabase.SqliteError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

/** Only where there is none: to open and close it ourselves would give up a lock that this process holds on it. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
