import { randomBytes } from 'node:crypto';
import type { PoolClient, QueryResult } from 'pg';
import type { Store } from '../../core/storage/store.ts';
import { EMPTIED_AFTERWARDS, METHODS, type StoreMethod } from '../methods.ts';
import { createConnection } from './connection.ts';
import { explainFailure, inDoubt, isConnectionBroken } from './explain-failure.ts';
import { migrate, newestOf, requireReader } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { patiently } from './patiently.ts';
import type { PrimaryPool } from './primary-pool.ts';
import { type Tables, tables } from './tables.ts';
import { tenantOf } from './tenant-of.ts';

type WriteName = StoreMethod | 'eraseSome';
type Method = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * Writers of all nodes go one after another, as they do in the embedded store: counts, limits and the numbers of the
 * changes need no rule of their own for what happens at once. A write takes a millisecond or two, an import a batch.
 */
const WRITERS_LOCK = 0x6b697468n;
/** Writes that touch nothing others count or follow, and that the answer to a photo waits for. */
const APART: ReadonlySet<WriteName> = new Set([
  'insertProbes',
  'sweepProbes',
  'insertOperation',
  'updateOperation',
  'sweepOperations',
  'insertLivenessSession',
  'deleteLivenessSession',
  'sweepLivenessSessions',
  'notePersonUses',
  'erasuresNoted',
  'trimChanges',
]);
/** What every node asks several times a second; so it also learns there whether the tables still suit it. */
const FOLLOWING: ReadonlySet<StoreMethod> = new Set(['lastChangeNo', 'changesAfter']);
const OLDEST_READER = 'SELECT max(oldest_reader) AS no FROM schema_versions';
/** A few milliseconds each, so that others get their turn in between. */
const PERSONS_PER_ERASURE = 200;
const WRITES_PER_TIDYING = 2000;

export interface PostgresStoreOptions {
  readonly pool: PrimaryPool;
  /** The same at every start of a node, and no other node's. */
  readonly nodeId: string;
  /** Called once, with what to do, when a newer Kith has changed the tables so that this one can't work on them any more. */
  readonly onOutdated?: (message: string) => void;
  /** All that this Kith knows when omitted. */
  readonly migrations?: readonly Migration[];
}

/**
 * The store in PostgreSQL, for any number of nodes. Every call is one transaction on a connection of its own. A call that
 * loses its connection is done again on another: a read at once, a write when it is certain that it was not kept.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { pool, nodeId, migrations = MIGRATIONS } = options;
  const tablesOf = new WeakMap<PoolClient, Tables>();
  const tenantsOf = new WeakMap<PoolClient, string>();
  let writes = 0;
  let outdated: Error | undefined;
  await patiently(() => withClient(pool, (client) => migrate(client, pool.schema, migrations)));

  /** Throws where a newer Kith has taken away what this one needs; from then on for every call. */
  function requireSuited(oldestReader: number): void {
    try {
      requireReader({ known: newestOf(migrations), oldestReader });
    } catch (error) {
      if (!outdated) options.onOutdated?.((error as Error).message);
      outdated = error as Error;
      throw error;
    }
  }

  function methodOf(client: PoolClient, method: WriteName): Method {
    let own = tablesOf.get(client);
    if (!own) {
      own = tables(createConnection(client), nodeId);
      tablesOf.set(client, own);
    }
    return own[method] as Method;
  }

  /** The second wall between tenants: the database itself shows a session the rows of one only. */
  async function showOnly(client: PoolClient, tenantId: string): Promise<void> {
    if (tenantsOf.get(client) === tenantId) return;
    tenantsOf.delete(client);
    await client.query("SELECT set_config('kith.tenant', $1, false)", [tenantId]);
    tenantsOf.set(client, tenantId);
  }

  function read(method: StoreMethod, args: readonly unknown[]): Promise<unknown> {
    return patiently(() =>
      withClient(pool, async (client) => {
        if (FOLLOWING.has(method)) requireSuited(oldestReaderOf(await client.query(OLDEST_READER)));
        await showOnly(client, tenantOf(method, args));
        return methodOf(client, method)(...args);
      }),
    );
  }

  function write(method: WriteName, args: readonly unknown[]): Promise<unknown> {
    writes += 1;
    const isTidying = writes % WRITES_PER_TIDYING === 0;
    const commitNo = randomBytes(8).readBigInt64BE();
    const lock = APART.has(method) ? commitNo : WRITERS_LOCK;
    return patiently(async () => {
      let committing: { readonly result: unknown } | undefined;
      try {
        return await withClient(pool, async (client) => {
          await showOnly(client, tenantOf(method, args));
          // Under the lock, and in the way of migrations until the end
          const begun = await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${lock}); ${OLDEST_READER}`);
          requireSuited(oldestReaderOf(begun));
          const result = await methodOf(client, method)(...args);
          await client.query('INSERT INTO commits (commit_no) VALUES ($1)', [commitNo]);
          if (isTidying) await client.query("DELETE FROM commits WHERE kept_at < now() - interval '1 hour'");
          committing = { result };
          await client.query('COMMIT');
          return result;
        });
      } catch (error) {
        if (!committing || !isConnectionBroken(error)) throw error;
        if (await wasKept(commitNo, lock, error)) return committing.result;
        throw error;
      }
    });
  }

  /** Under its lock: should its transaction still be under way on the lost connection, its end is waited for. */
  async function wasKept(commitNo: bigint, lock: bigint, cause: unknown): Promise<boolean> {
    try {
      return await patiently(() =>
        withClient(pool, async (client) => {
          await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${lock})`);
          const { rowCount } = await client.query('SELECT FROM commits WHERE commit_no = $1', [commitNo]);
          await client.query('COMMIT');
          return rowCount === 1;
        }),
      );
    } catch {
      throw inDoubt(cause);
    }
  }

  /** What a deleted gallery or snapshot held goes in small transactions; should a node stop meanwhile, another goes on. */
  async function emptyErased(): Promise<void> {
    while (await write('eraseSome', [PERSONS_PER_ERASURE]));
  }

  async function change(method: StoreMethod, args: readonly unknown[]): Promise<unknown> {
    const result = await write(method, args);
    if (EMPTIED_AFTERWARDS.has(method)) await emptyErased();
    return result;
  }

  const methods = Object.entries(METHODS).map(([name, access]): [string, Method] => {
    const method = name as StoreMethod;
    return [
      method,
      async (...args) => {
        try {
          if (outdated) throw outdated;
          return await (access === 'read' ? read(method, args) : change(method, args));
        } catch (error) {
          throw explainFailure(error);
        }
      },
    ];
  });
  await emptyErased();
  // METHODS names every method of the port, and the tables have their types
  return { ...Object.fromEntries(methods), close: async () => undefined } as unknown as Store;
}

/** Of one statement, or of the last of several. */
function oldestReaderOf(answer: QueryResult | readonly QueryResult[]): number {
  const last = Array.isArray(answer) ? (answer.at(-1) as QueryResult) : (answer as QueryResult);
  return last.rows[0].no;
}

/** A connection that failed in the middle of something isn't used again unless its transaction could be taken back. */
async function withClient<T>(pool: PrimaryPool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    const isUsable =
      !isConnectionBroken(error) &&
      (await client.query('ROLLBACK').then(
        () => true,
        () => false,
      ));
    client.release(!isUsable);
    throw error;
  }
}
