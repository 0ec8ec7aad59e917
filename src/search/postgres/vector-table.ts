import { createBlocks } from './blocks.ts';
import { raiseWall, SCHEMA_LOCK, tableOf } from './schema.ts';
import type { Query } from './transactions.ts';

/**
 * Inside a transaction. Templates stay in the row however long they are: a scan must not look each up elsewhere. Answers
 * whether it has blocks.
 */
export async function createVectorTable(query: Query, dims: number): Promise<boolean> {
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
  // The signs, in the row and here, are for nodes of before there were blocks: they scan them
  await query(
    `CREATE INDEX IF NOT EXISTS ${table}_persons ON ${table} (gallery_no, person_no, enrolment_no) INCLUDE (signs)`,
  );
  return createBlocks(query, dims);
}
