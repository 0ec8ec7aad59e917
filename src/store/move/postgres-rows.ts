import type { PoolClient } from 'pg';
import { migrate, requireKnownSchema } from '../postgres/migrate.ts';
import { openPrimaryPool, type PrimaryPool } from '../postgres/primary-pool.ts';
import { type MovedTable, MoveRefusedError, type Row, type RowsFrom, type RowsInto } from './moved-tables.ts';
import type { OpenedRows, OpenedTarget } from './sqlite-rows.ts';

/** Nodes say that they live every second. */
const NODES_GONE = "interval '10 seconds'";
/** character_not_in_repertoire */
const NOT_A_CHARACTER = '22021';
const MOVING = '_moving';
const LONGEST_SCHEMA = 63 - MOVING.length;

/** One connection, which may take as long as it needs. */
async function connect(url: string): Promise<{ readonly pool: PrimaryPool; readonly client: PoolClient }> {
  const pool = openPrimaryPool(url);
  try {
    const client = await pool.connect();
    await client.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
    return { pool, client };
  } catch (error) {
    await pool.close();
    const { message, code } = error as Error & { readonly code?: string };
    throw new MoveRefusedError(`The database can't be used: ${message || code}`, { cause: error });
  }
}

/** The tables at `url` as of now; refused while nodes work on them. */
export async function readPostgresRows(url: string): Promise<OpenedRows> {
  const { pool, client } = await connect(url);
  const close = async () => {
    client.release(true);
    await pool.close();
  };
  try {
    await requireTables(client, pool.schema);
    const { version, known } = await requireKnownSchema(client);
    if (version !== known) {
      const [age, advice] =
        version < known ? ['an older', 'start a node of this one on them first'] : ['a newer', 'use that'];
      throw new MoveRefusedError(`The tables are of ${age} Kith (schema ${version}, not ${known}): ${advice}.`);
    }
    const { rows: nodes } = await client.query<{ name: string }>(
      `SELECT name FROM nodes WHERE seen_at > now() - ${NODES_GONE} ORDER BY name`,
    );
    if (nodes.length > 0) {
      throw new MoveRefusedError(
        `${nodes.map(({ name }) => name).join(', ')} work on that database: stop all nodes first.`,
      );
    }
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return { rows: rowsFrom(client), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Tables to be in the schema that `url` names; until they are whole, they are in one beside it. */
export async function openPostgresTarget(url: string, { anew }: { readonly anew: boolean }): Promise<OpenedTarget> {
  const { pool, client } = await connect(url);
  const { schema } = pool;
  const moving = `${schema}${MOVING}`;
  const close = async () => {
    client.release(true);
    await pool.close();
  };
  try {
    if (schema.length > LONGEST_SCHEMA)
      throw new MoveRefusedError(`"${schema}" is too long: ${LONGEST_SCHEMA} letters at most.`);
    await requireAlone(client, moving);
    if ((await tablesIn(client, schema)) > 0) {
      throw new MoveRefusedError(
        `The schema "${schema}" of that database is in use already. Name another (?schema=…), or drop it if nothing in it is wanted.`,
      );
    }
    if (anew) await client.query(`DROP SCHEMA IF EXISTS ${moving} CASCADE`);
    await client.query(`SET search_path = ${moving}`);
    await migrate(client, moving);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    rows: rowsInto(client),
    async finish() {
      await client.query(`
        BEGIN;
        DROP SCHEMA IF EXISTS ${schema} RESTRICT;
        ALTER SCHEMA ${moving} RENAME TO ${schema};
        COMMIT`);
      await client.query(`SET search_path = ${schema}; ANALYZE`).catch(() => undefined);
    },
    close,
  };
}

async function tablesIn(client: PoolClient, schema: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>('SELECT count(*) AS n FROM pg_tables WHERE schemaname = $1', [
    schema,
  ]);
  return rows[0]?.n ?? 0;
}

async function requireTables(client: PoolClient, schema: string): Promise<void> {
  if ((await tablesIn(client, schema)) === 0)
    throw new MoveRefusedError(`The schema "${schema}" of that database holds nothing.`);
}

/** Let go of with the connection, however the process ends. */
async function requireAlone(client: PoolClient, what: string): Promise<void> {
  const { rows } = await client.query<{ isAlone: boolean }>(
    `SELECT pg_try_advisory_lock(hashtextextended('kith ' || $1, 0)) AS "isAlone"`,
    [what],
  );
  if (!rows[0]?.isAlone) throw new MoveRefusedError('Something is being moved there already: wait for it, or stop it.');
}

function rowsFrom(client: PoolClient): RowsFrom {
  return {
    async columnsOf(table) {
      const { rows } = await client.query<{ name: string }>(
        `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
        [table],
      );
      return rows.map(({ name }) => name);
    },
    async read({ name, key }, columns, { after, limit }) {
      const behind = after ? `WHERE (${key.join()}) > (${parameters(1, key.length)})` : '';
      const text = `SELECT ${columns.join()} FROM ${name} ${behind} ORDER BY ${key.join()} LIMIT ${limit}`;
      return (await client.query<Row>(text, [...(after ?? [])])).rows;
    },
    async lastNumberOf(table) {
      const { rows } = await client.query<{ no: number }>(lastNumberSql(table));
      return rows[0]?.no ?? 0;
    },
  };
}

/** Changes are followed up to the last one that was kept; the sequence is ahead of it where a write was taken back. */
function lastNumberSql({ name, key: [column] }: MovedTable): string {
  const highest = `coalesce((SELECT max(${column}) FROM ${name}), 0)`;
  if (name === 'changes') return `SELECT greatest(${highest}, (SELECT last_no FROM trimmed_changes)) AS no`;
  return `SELECT greatest(${highest}, coalesce(pg_sequence_last_value(pg_get_serial_sequence('${name}', '${column}')), 0)) AS no`;
}

function rowsInto(client: PoolClient): RowsInto {
  return {
    ...rowsFrom(client),
    async lastKeyOf({ name, key }) {
      const order = key.map((column) => `${column} DESC`).join();
      const { rows } = await client.query<Row>(`SELECT ${key.join()} FROM ${name} ORDER BY ${order} LIMIT 1`);
      return rows[0] && key.map((column) => rows[0]?.[column] ?? null);
    },
    async insert({ name }, columns, rows) {
      const tuples = rows.map((_row, i) => `(${parameters(1 + i * columns.length, columns.length)})`);
      const values = rows.flatMap((row) => columns.map((column) => row[column] ?? null));
      const text = `INSERT INTO ${name} (${columns.join()}) VALUES ${tuples.join()}`;
      await client.query(text, values).catch((error: Error & { readonly code?: string }) => {
        if (error.code !== NOT_A_CHARACTER) throw error;
        throw new MoveRefusedError(
          `A text in the table ${name} has a character that PostgreSQL keeps in no text (number 0): write it without.`,
        );
      });
    },
    async link({ name, key, link }, of, value) {
      const isRow = key.map((column, i) => `${column} = $${i + 2}`).join(' AND ');
      await client.query(`UPDATE ${name} SET ${link} = $1 WHERE ${isRow}`, [value, ...of]);
    },
    async setLastNumber({ name, key: [column] }, lastNo) {
      if (name === 'changes') {
        const trimmed = `coalesce((SELECT min(change_no) - 1 FROM changes), $1)`;
        await client.query(`UPDATE trimmed_changes SET last_no = ${trimmed}`, [lastNo]);
      }
      if (lastNo > 0) {
        await client.query(`SELECT setval(pg_get_serial_sequence('${name}', '${column}'), $1)`, [lastNo]);
      }
    },
  };
}

function parameters(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `$${first + i}`).join();
}
