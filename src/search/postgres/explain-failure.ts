import { KithError } from '../../core/errors.ts';

const RETRY_S = 2;
const FULL_RETRY_S = 30;

/** SQLSTATE, or Node's code of a connection that broke: the server goes, comes, takes nobody more or takes no writes. */
const LOST = /^(?:E[A-Z]+|08...|57P0[1-5]|25P03|25006|53300)$/;
/** Said by the driver, without a code. */
const LOST_WORDS =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/;
/** Serialization failure, deadlock, waited too long for a lock: the same again will do. */
const AGAIN = /^(?:40001|40P01|55P03)$/;

/** Whether the connection is gone: the work may be tried once more on another. */
export function isLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? LOST_WORDS.test(message ?? '') : LOST.test(code);
}

export function isWorthAgain(error: unknown): boolean {
  return isLost(error) || AGAIN.test((error as { code?: string }).code ?? '');
}

/** An outage of the database as `unavailable`; any other error as it is. */
export function explainFailure(error: unknown): unknown {
  if (error instanceof KithError) return error;
  if (isWorthAgain(error)) return unavailable("The database that is searched in can't be reached now", RETRY_S, error);
  switch ((error as { code?: string }).code) {
    case '53100':
      return unavailable('The disk of the database that is searched in is full', FULL_RETRY_S, error);
    case '57014':
      return unavailable('The database that is searched in took too long', RETRY_S, error);
    default:
      return error;
  }
}

function unavailable(what: string, retryAfterS: number, cause: unknown): KithError {
  return new KithError(
    { kind: 'unavailable', part: 'store', retryAfterS, message: `${what}, so nothing was done.` },
    { cause },
  );
}
