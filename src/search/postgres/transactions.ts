import { setTimeout as delay } from 'node:timers/promises';
import pg, { type Client, type PoolClient } from 'pg';
import { explainFailure, isLost, isWorthAgain } from './explain-failure.ts';

const TRIED_FOR_MS = 3000;
const PAUSE_MS = 50;

/** Where connections to the server that takes writes come from; a pool of the driver is one. */
export interface Connections {
  connect(): Promise<PoolClient>;
}

/** Runs a statement; rows as the driver reads them. */
export type Query = <Row extends object = Record<string, unknown>>(
  sql: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>;

export interface TransactionOptions {
  /** `BEGIN …`, with settings that hold until the end of the transaction. */
  readonly begin: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` in a transaction of one connection; again, from the beginning, when that is lost or another transaction
 * stands in the way, for as long as a database takes to be restarted. So `work` must be good to be run again. An outage is answered with `unavailable`; an
 * abort stops what the database is doing and rejects with the signal's reason.
 */
export async function inTransaction<T>(
  pool: Connections,
  { begin, signal }: TransactionOptions,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  let endMs: number | undefined;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attemptOnce(pool, { begin, signal }, work);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      // From the first failure on: a node that was frozen learns of it late
      endMs ??= performance.now() + TRIED_FOR_MS;
      if (performance.now() > endMs || !isWorthAgain(error)) throw explainFailure(error);
      await delay(PAUSE_MS);
    }
  }
}

async function attemptOnce<T>(
  pool: Connections,
  { begin, signal }: TransactionOptions,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const client = await takeClient(pool, signal);
  const query: Query = async (sql, values) => {
    signal?.throwIfAborted();
    const { rows } = await client.query(sql, values as unknown[]);
    return rows;
  };
  let isUsable = true;
  let cancelled: Promise<void> | undefined;
  const onAbort = (): void => {
    // A late cancel must not hit whoever has the connection next
    isUsable = false;
    cancelled = cancel(client);
  };
  const onError = (): void => {
    isUsable = false;
  };
  client.on('error', onError);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query(begin);
    const result = await work(query);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (isLost(error) || signal?.aborted) isUsable = false;
    if (isUsable) await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await cancelled;
    client.off('error', onError);
    client.release(!isUsable);
  }
}

/** A connection of the pool; who is aborted while waiting for one doesn't wait on. */
async function takeClient(pool: Connections, signal: AbortSignal | undefined): Promise<PoolClient> {
  const taken = pool.connect();
  if (!signal) return taken;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
      taken.then(
        (client) => client.release(),
        () => undefined,
      );
    };
    signal.addEventListener('abort', onAbort, { once: true });
    taken.then(
      (client) => {
        signal.removeEventListener('abort', onAbort);
        resolve(client);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(error);
      },
    );
  });
}

/** Stops what the connection's server process is doing, by a connection of its own: the pool may have none left. */
async function cancel(client: PoolClient): Promise<void> {
  // The driver has it, its types don't
  const { processID, host, port, user, password, database, ssl } = client as unknown as Client & {
    readonly processID: number | null;
  };
  if (processID === null) return;
  const canceller = new pg.Client({
    host,
    port,
    ssl,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  });
  canceller.on('error', () => undefined);
  try {
    await canceller.connect();
    await canceller.query('SELECT pg_cancel_backend($1)', [processID]);
  } catch {
    // The database is out of reach: then nothing is under way there either
  } finally {
    await canceller.end().catch(() => undefined);
  }
}
