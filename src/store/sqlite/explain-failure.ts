import { KithError } from '../../core/errors.ts';

/** When a client should ask again: a disk isn't cleared in a second, another process is done sooner. */
const DISK_RETRY_S = 5;
const BUSY_RETRY_S = 1;

/**
 * An error of SQLite in words that say what to do: damage, which stays, or an outage that passes, `unavailable`. Any
 * other error is given back as it is.
 */
export function explainFailure(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  // A commit that failed here may still be found after a crash, so nobody is told that nothing was done
  if (/^SQLITE_IOERR_(DIR_)?FSYNC$/.test(code)) return error;
  switch (/^SQLITE_[A-Z]+/.exec(code)?.[0]) {
    case 'SQLITE_NOTADB':
    case 'SQLITE_CORRUPT':
      return new Error(
        `The database ${path} is damaged and was left untouched. Restore a backup, or move the file away to start empty.`,
        { cause: error },
      );
    case 'SQLITE_FULL':
      return unavailable('The disk that holds the database is full', DISK_RETRY_S, error);
    case 'SQLITE_IOERR':
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
      return unavailable(`The database can't be read or written (${code})`, DISK_RETRY_S, error);
    case 'SQLITE_BUSY':
      return unavailable('Another process holds the database', BUSY_RETRY_S, error);
    default:
      return error;
  }
}

/** Empty for what is not SQLite's; by its code, since an error that comes from the writing thread has lost its class. */
function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unavailable(what: string, retryAfterS: number, cause: unknown): KithError {
  return new KithError(
    { kind: 'unavailable', part: 'store', retryAfterS, message: `${what}, so nothing was done.` },
    { cause },
  );
}
