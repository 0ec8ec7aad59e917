import { KithError } from '../../core/errors.ts';
import { OutdatedError } from './migrate.ts';

const RETRY_S = 2;

/** SQLSTATE (PostgreSQL's manual, appendix A) or Node's code of a connection that broke; empty for anything else. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const BROKEN = /^(?:E[A-Z]+|08...|57P0[1-5]|25P03)$/;
// The driver has no code for these
const BROKEN_WORDS =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/;

/** Whether the connection is gone: what ran on it may be tried on another. */
export function isConnectionBroken(error: unknown): boolean {
  return error instanceof Error && (BROKEN.test(codeOf(error)) || BROKEN_WORDS.test(error.message));
}

/** Whether the same may well succeed in a moment, since nothing of it was kept. */
export function isPassing(error: unknown): boolean {
  // Serialisation, deadlock, lock timeout, too many connections, starting up, a standby that is to be promoted
  return isConnectionBroken(error) || /^(?:40001|40P01|55P03|53300|25006)$/.test(codeOf(error));
}

/** An error of PostgreSQL in words that say what to do; any other is given back as it is. */
export function explainFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof OutdatedError) {
    return unavailable('This node is too old for the database, which a newer Kith has changed', error);
  }
  if (isPassing(error)) return unavailable("The database can't be reached or is busy", error);
  switch (code) {
    case '53100':
      return unavailable('The disk that holds the database is full', error);
    case '57014':
      return unavailable('The database took too long', error);
    case '22021':
      // PostgreSQL's text has every character but U+0000
      return new KithError(
        {
          kind: 'invalid-argument',
          argument: 'text',
          reason: 'malformed',
          message: 'Texts must not have the character U+0000 in them.',
        },
        { cause: error },
      );
    default:
      return error;
  }
}

function unavailable(what: string, cause: unknown): KithError {
  return new KithError(
    { kind: 'unavailable', part: 'store', retryAfterS: RETRY_S, message: `${what}, so nothing was done.` },
    { cause },
  );
}

/** The connection broke while the change was being kept, and nobody could be asked since whether it was. */
export function inDoubt(cause: unknown): Error {
  return new Error('The database was lost at the moment of keeping a change: it may have been kept.', { cause });
}
