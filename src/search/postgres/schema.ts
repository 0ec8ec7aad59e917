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
    followed_change_no bigint
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
    removed_change_no bigint NOT NULL DEFAULT 0
  )`);
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

/** Inside a transaction. Templates stay in the row however long they are: a scan must not look each up elsewhere. */
export async function createVectorTable(query: Query, dims: number): Promise<void> {
  await query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
  const table = tableOf(dims);
  await query(`CREATE TABLE IF NOT EXISTS ${table} (
    gallery_no   bigint NOT NULL,
    enrolment_no bigint NOT NULL,
    person_no    bigint NOT NULL,
    change_no    bigint NOT NULL,
    signs        bit(${dims}) NOT NULL,
    vector       halfvec(${dims}) NOT NULL,
    PRIMARY KEY (gallery_no, enrolment_no)
  ) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)`);
  await raiseWall(query, table);
  // Signs stand in it so that a scan of a gallery's signs reads 110 bytes a template and not a kilobyte
  await query(
    `CREATE INDEX IF NOT EXISTS ${table}_persons ON ${table} (gallery_no, person_no, enrolment_no) INCLUDE (signs)`,
  );
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
async function raiseWall(query: Query, table: string): Promise<void> {
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
