import pg, { type ClientConfig, type PoolClient } from 'pg';
import { parseAddresses } from './addresses.ts';
import { isConnectionBroken } from './explain-failure.ts';

const CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 3000;
/** A node that stops in the middle of a transaction (frozen, say) loses it, and with it the lock that others wait for. */
const IDLE_IN_TRANSACTION_MS = 5000;
/** The switch of a whole gallery to another model or key is one statement: a minute a million people and more. */
const STATEMENT_TIMEOUT_MS = 600_000;
const LOCK_TIMEOUT_MS = 20_000;

export interface PrimaryPool {
  readonly schema: string;
  /** A connection to the server that takes writes; tries the others named when the last one doesn't any more. */
  connect(): Promise<PoolClient>;
  close(): Promise<void>;
}

/** Numbers of rows and milliseconds are far below 2^53. */
const INT8 = 20;
const types: ClientConfig['types'] = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/**
 * `url`: postgres://user:password@host:port/database, with several hosts separated by commas when there are standbys that
 * may be promoted. Each new connection is asked whether it leads to the primary.
 */
export function openPrimaryPool(url: string): PrimaryPool {
  const { addresses, schema } = parseAddresses(url);
  const pools = addresses.map((connectionString) => {
    const pool = new pg.Pool({
      connectionString,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'kith',
      types,
      options: [
        `-c search_path=${schema}`,
        `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
        `-c statement_timeout=${STATEMENT_TIMEOUT_MS}`,
        `-c lock_timeout=${LOCK_TIMEOUT_MS}`,
      ].join(' '),
    });
    // A connection may break while nothing runs on it, idle or between two statements: its next use says so. Without a
    // listener it would end the process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
    });
    return pool;
  });
  const checked = new WeakSet<PoolClient>();
  let last = 0;

  async function connectTo(place: number): Promise<PoolClient> {
    const client = await (pools[place] as pg.Pool).connect();
    if (checked.has(client)) return client;
    try {
      await prepareSession(client);
      checked.add(client);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  return {
    schema,
    async connect() {
      let failure: unknown;
      for (let i = 0; i < pools.length; i++) {
        const place = (last + i) % pools.length;
        try {
          const client = await connectTo(place);
          last = place;
          return client;
        } catch (error) {
          failure = error;
          if (i === pools.length - 1) break;
          if (!isConnectionBroken(error) && !(error instanceof StandbyError)) throw error;
        }
      }
      throw failure;
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}

/** One statement, on a connection that isn't used again when it fails. */
export async function queryOnce<Row extends object>(
  pool: PrimaryPool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<Row>(sql, [...values]);
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

class StandbyError extends Error {
  /** read_only_sql_transaction, as a statement that writes would have got it. */
  readonly code = '25006';

  constructor() {
    super('The server is a standby and takes no writes.');
  }
}

async function prepareSession(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ isStandby: boolean; encoding: string; commit: string }>(
    `SELECT pg_is_in_recovery() AS "isStandby", current_setting('server_encoding') AS encoding,
            current_setting('synchronous_commit') AS commit`,
  );
  const [session] = rows;
  if (session?.isStandby) throw new StandbyError();
  if (session?.encoding !== 'UTF8') {
    throw new Error(`The database is in ${session?.encoding}, and names need UTF8. Make one with ENCODING 'UTF8'.`);
  }
  // What is acknowledged survives a crash, whatever the server does for others
  if (session.commit === 'off') await client.query('SET synchronous_commit = on');
}
