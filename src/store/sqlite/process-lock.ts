import SqliteDatabase from 'better-sqlite3';

export interface ProcessLock {
  release(): void;
}

/**
 * Holds the file at `path` for this process, or answers undefined when another one does. The lock is SQLite's own, so
 * the system lets go of it however the process ends; the file stays and means nothing.
 */
export function acquireProcessLock(path: string): ProcessLock | undefined {
  const db = new SqliteDatabase(path, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}
