// The tables of the search. They are derived from the store's: whoever drops them loses nothing that a start doesn't
// make again.
import type { Query } from './transactions.ts';

/** An index of version 1 has no wall between galleries; nodes of both versions work on it. */
export const SCHEMA_VERSION = 2;
const WALLED_FROM = 2;
/** Two nodes that start at once make the tables one after the other. */
export const SCHEMA_LOCK = 0x4b495448;
/** Half vectors and distances of bit strings came with it. */
const LEAST_PGVECTOR = [0, 7];
/** Held by the node that fills the index from the store. */
export const FILLING_LOCK = 0x4b495449;

export const GALLERIES = 'kith_vector_galleries';
export const REMOVALS = 'kith_vector_removals';
export const STATE = 'kith_vector_state';

/** Templates of this many (padded) dimensions. */
export function tableOf(dims: number): string {
  return `kith_vectors_${dims}`;
}

/** Inside a transaction. Answers the setting that every later one needs to see both the tables and pgvector's types. */
export async function createSchema(query: Query): Promise<string> {
  await query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
  await requirePgvector(query);
  const [schemas] = await query<{ own: string; theirs: string }>(
    `SELECT quote_ident(current_schema()) AS own, quote_ident(n.nspname) AS theirs
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'`,
  );
  if (!schemas) throw new Error('pgvector went while the tables of the search were made');
  const path = `SET LOCAL search_path = ${schemas.own}, ${schemas.theirs}`;
  await query(path);
  await query(`CREATE TABLE IF NOT EXISTS ${STATE} (
    the_only           boolean PRIMARY KEY DEFAULT true CHECK (the_only),
    schema_version     integer NOT NULL,
    followed_change_no bigint,
    filling            boolean NOT NULL DEFAULT false
  )`);
  await query(`INSERT INTO ${STATE} (schema_version) VALUES ($1) ON CONFLICT DO NOTHING`, [SCHEMA_VERSION]);
  const [state] = await query<{ schema_version: number }>(`SELECT schema_version FROM ${STATE}`);
  if (state && state.schema_version > SCHEMA_VERSION) {
    throw new Error(
      `The search tables in the database are of a newer Kith (${state.schema_version}, this one knows ${SCHEMA_VERSION}).`,
    );
  }
  await query(`CREATE TABLE IF NOT EXISTS ${GALLERIES} (
    gallery_no        bigint PRIMARY KEY,
    dims              integer NOT NULL DEFAULT 0,
    enrolments        bigint NOT NULL DEFAULT 0,
    persons           bigint NOT NULL DEFAULT 0,
    version           bigint NOT NULL DEFAULT 0,
    last_change_no    bigint NOT NULL DEFAULT 0,
    removed_change_no bigint NOT NULL DEFAULT 0,
    packed_dims       integer NOT NULL DEFAULT 0
  )`);
  // Those of before have none of these columns. Looked for first, as ALTER TABLE would wait for whoever reads
  await addColumn(query, GALLERIES, 'packed_dims integer NOT NULL DEFAULT 0');
  await addColumn(query, STATE, 'filling boolean NOT NULL DEFAULT false');
  // So that a node that lags behind doesn't bring back what another has removed
  await query(`CREATE TABLE IF NOT EXISTS ${REMOVALS} (
    gallery_no   bigint NOT NULL,
    enrolment_no bigint NOT NULL,
    change_no    bigint NOT NULL,
    removed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gallery_no, enrolment_no)
  )`);
  return path;
}

/** The setting of a transaction that is about one gallery. */
export function ofGallery(galleryNo: number): string {
  return `SET LOCAL kith.gallery = '${galleryNo}'`;
}

/**
 * The second wall: should a statement forget the gallery, the database shows the rows of the transaction's own only, and
 * none when it named none. Not through the tenant, as a look at another table for each row would cost the index its use.
 * Superusers see over it.
 */
export async function raiseWall(query: Query, table: string): Promise<void> {
  const [state] = await query<{ isDue: boolean }>(
    `SELECT s.schema_version >= ${WALLED_FROM} AND NOT c.relrowsecurity AS "isDue"
     FROM ${STATE} s, pg_class c WHERE c.oid = '${table}'::regclass`,
  );
  if (!state?.isDue) return;
  await query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await query(
    `CREATE POLICY own_gallery ON ${table}
     USING (gallery_no = nullif(current_setting('kith.gallery', true), '')::bigint)`,
  );
}

/** Of the tables of vectors there are. */
export async function dimsOfTables(query: Query): Promise<number[]> {
  const rows = await query<{ dims: string }>(
    `SELECT substring(relname from '^kith_vectors_([0-9]+)$') AS dims FROM pg_class
     WHERE relkind = 'r' AND pg_table_is_visible(oid) AND relname ~ '^kith_vectors_[0-9]+$'`,
  );
  return rows.map(({ dims }) => Number(dims));
}

async function addColumn(query: Query, table: string, definition: string): Promise<void> {
  const [column] = definition.split(' ', 1);
  const [known] = await query('SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2', [
    table,
    column,
  ]);
  if (!known) await query(`ALTER TABLE ${table} ADD COLUMN ${definition}`);
}

async function requirePgvector(query: Query): Promise<void> {
  const installed = "SELECT extversion AS version FROM pg_extension WHERE extname = 'vector'";
  const [known] = await query<{ version: string }>(installed);
  if (!known) await query('CREATE EXTENSION vector SCHEMA public').catch(explainMissing);
  const version = (known ?? (await query<{ version: string }>(installed))[0])?.version ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_PGVECTOR;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new Error(`The database has pgvector ${version}; the search needs ${LEAST_PGVECTOR.join('.')} or newer.`);
}

function explainMissing(cause: unknown): never {
  throw new Error(
    'The database has no pgvector, or this user may not create it: install it on the server and let a superuser run ' +
      '"CREATE EXTENSION vector" in this database.',
    { cause },
  );
}
