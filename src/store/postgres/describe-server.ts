import type { PoolClient } from 'pg';
import { findSchema, type SchemaState } from './migrate.ts';
import { NODE_HEARD_OF } from './nodes.ts';
import type { PrimaryPool } from './primary-pool.ts';
import { ALL_TENANTS } from './tenant-of.ts';

export interface ServerFacts {
  readonly serverVersion: string;
  /** Of the server's clock against this machine's; negative when it is behind. */
  readonly clockAheadMs: number;
  readonly role: string;
  /** Row-level security doesn't hold for it. */
  readonly seesAllTenants: boolean;
  readonly isEncrypted: boolean;
  /** Over a socket, or from this machine. */
  readonly isLocal: boolean;
  /** Its version in this database. */
  readonly pgvector?: string;
  /** Whether the server could make it. */
  readonly hasPgvector: boolean;
  /** Undefined where no tables were made yet. */
  readonly schema?: SchemaState;
  /** Those heard of lately. */
  readonly nodes: readonly { readonly name: string; readonly version: string }[];
  /** What the first node sealed for the others to try their master key on. */
  readonly keyCheck?: Uint8Array;
}

type OfServer = Omit<ServerFacts, 'clockAheadMs' | 'pgvector' | 'schema' | 'nodes' | 'keyCheck'> & {
  readonly nowMs: number;
  readonly pgvector: string | null;
  readonly hasTables: boolean;
};

/** What a server and Kith's tables in it are like, for whoever looks over an install. Reads only. */
export async function describeServer(pool: PrimaryPool, keyCheckId: string): Promise<ServerFacts> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN READ ONLY');
    const startMs = Date.now();
    const { nowMs, pgvector, hasTables, ...server } = await readServer(client);
    const clockAheadMs = nowMs - (startMs + Date.now()) / 2;
    const tables = hasTables ? await readTables(client, keyCheckId) : { nodes: [] };
    await client.query('ROLLBACK');
    client.release();
    return { ...server, clockAheadMs, ...(pgvector === null ? {} : { pgvector }), ...tables };
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function readServer(client: PoolClient): Promise<OfServer> {
  const { rows } = await client.query<OfServer>(
    `SELECT current_setting('server_version') AS "serverVersion",
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs",
            current_user::text AS role,
            (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS "seesAllTenants",
            coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "isEncrypted",
            coalesce(inet_client_addr() <<= inet '127.0.0.0/8' OR inet_client_addr() = inet '::1', true) AS "isLocal",
            (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
            EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS "hasPgvector",
            to_regclass('schema_versions') IS NOT NULL AS "hasTables"`,
  );
  return rows[0] as OfServer;
}

async function readTables(
  client: PoolClient,
  keyCheckId: string,
): Promise<Pick<ServerFacts, 'schema' | 'nodes' | 'keyCheck'>> {
  const schema = await findSchema(client);
  // Of another schema's tables nothing is known
  if (schema.version !== schema.known) return { schema, nodes: [] };
  await client.query("SELECT set_config('kith.tenant', $1, true)", [ALL_TENANTS]);
  const nodes = await client.query<{ name: string; version: string }>(
    `SELECT name, version FROM nodes WHERE seen_at > now() - ${NODE_HEARD_OF} ORDER BY name`,
  );
  const probes = await client.query<{ sealed: Uint8Array }>('SELECT sealed FROM probes WHERE probe_id = $1', [
    keyCheckId,
  ]);
  const keyCheck = probes.rows[0]?.sealed;
  return { schema, nodes: nodes.rows, ...(keyCheck ? { keyCheck } : {}) };
}
