import type { PoolClient } from 'pg';
import { MIGRATIONS, type Migration } from './migrations.ts';

/** Of the lock under which one node at a time looks at the schema. */
const MIGRATION_LOCK = 0x4b495448;
/** How long the calls under way may take to end, while new ones wait. */
const UNDER_WAY_MS = 20_000;

export interface SchemaState {
  /** 0 for new tables. */
  readonly version: number;
  /** The newest that this Kith knows. */
  readonly known: number;
  /** Who knows at least this one can work on the tables, newer ones included. */
  readonly oldestReader: number;
}

/** The tables are newer than this Kith, and no longer hold what it needs. */
export class OutdatedError extends Error {}

/** Of the tables that `search_path` leads to. */
export async function findSchema(
  client: PoolClient,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<SchemaState> {
  // Tables of before version 3 have no such column
  const { rows } = await client.query<Pick<SchemaState, 'version' | 'oldestReader'>>(
    `SELECT coalesce(max(version), 0) AS version,
            coalesce(max((to_jsonb(v) ->> 'oldest_reader')::integer), 0) AS "oldestReader"
     FROM schema_versions v`,
  );
  const { version = 0, oldestReader = 0 } = rows[0] ?? {};
  return { version, oldestReader, known: newestOf(migrations) };
}

/** Throws where a newer Kith took away what this one needs. */
export async function requireKnownSchema(
  client: PoolClient,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<SchemaState> {
  const state = await findSchema(client, migrations);
  requireReader(state);
  return state;
}

/** Of a node that knows schemas up to `known`. */
export function requireReader({ known, oldestReader }: Pick<SchemaState, 'known' | 'oldestReader'>): void {
  if (oldestReader <= known) return;
  throw new OutdatedError(
    `A newer Kith has changed the database: it takes one that knows schema ${oldestReader}, and this Kith knows ` +
      `schemas up to ${known} only. Start the newer Kith in its place.`,
  );
}

export function newestOf(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/**
 * Of tables in the schema that `search_path` names first, which is made when it isn't there. Newer tables that this Kith
 * can work on are left as they are.
 */
export async function migrate(
  client: PoolClient,
  schema: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await client.query('BEGIN');
  try {
    // However long another node's migration takes
    await client.query('SET LOCAL lock_timeout = 0');
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(schema)}`);
    await client.query(
      `CREATE TABLE IF NOT EXISTS schema_versions (
         version INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())`,
    );
    const { version: current } = await requireKnownSchema(client, migrations);
    const due = migrations.filter(({ version }) => version > current);
    if (due.length > 0) await apply(client, due);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Every change of a node reads which nodes the tables suit, so none is under way meanwhile, and none stands in the way. */
async function apply(client: PoolClient, due: readonly Migration[]): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${UNDER_WAY_MS}`);
  await client.query('LOCK TABLE schema_versions IN ACCESS EXCLUSIVE MODE');
  for (const { version, sql, oldestReader } of due) {
    await client.query(sql);
    await client.query('INSERT INTO schema_versions (version) VALUES ($1)', [version]);
    if (oldestReader === undefined) continue;
    await client.query('UPDATE schema_versions SET oldest_reader = $2 WHERE version = $1', [version, oldestReader]);
  }
}
