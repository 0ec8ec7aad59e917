// Level codes of a gallery's templates, many to a row: what a search goes through first. A row of the database costs a
// scan as much as comparing several codes, and a comparison within a row little more than counting bits.
//
// A block has the templates of BLOCK successive enrolment numbers, each in a column of its own, empty where the number is
// another gallery's or nobody's. It is made from the rows of the vectors' table and nothing else, by triggers, so whoever
// writes there keeps the blocks as well: nodes of before there were blocks too.
import { LEVEL } from './level-distance.ts';
import { GALLERIES, raiseWall, tableOf } from './schema.ts';
import type { Query } from './transactions.ts';

/** Rows made into blocks by one statement, while nobody else writes to the gallery: a third of a second. */
const PACKED_ROWS = 20_000;
/** Two blocks a page, and the bits of a mask in a bigint. */
const BLOCK_BYTES = 4000;
const MAX_BLOCK = 62;
/** SQLSTATE. */
const NOT_SUPPORTED = '0A000';

export function blocksOf(dims: number): string {
  return `kith_vector_blocks_${dims}`;
}

/** Enrolment numbers in a block. Another number would need another table. */
export function blockLength(dims: number): number {
  return Math.min(MAX_BLOCK, Math.floor(BLOCK_BYTES / (dims / 4 + 8)));
}

export function codeColumns(dims: number): readonly string[] {
  return Array.from({ length: blockLength(dims) }, (_, place) => `c${place}`);
}

/**
 * Inside a transaction that holds the schema's lock, for a table of vectors that is there. Galleries that have rows by
 * then are packed by `packSome`. Answers whether there are blocks: none where the database has no triggers on that table,
 * as Citus has none on one that is spread over several machines.
 */
export async function createBlocks(query: Query, dims: number): Promise<boolean> {
  const [vectors, blocks] = [tableOf(dims), blocksOf(dims)];
  const [is] = await query<{ schema: string; whole: boolean }>(
    `SELECT quote_ident(n.nspname) AS schema,
       EXISTS (SELECT FROM pg_class WHERE relname = '${blocks}' AND relnamespace = n.oid)
         AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = v.oid AND tgname = 'pack_truncate') AS whole
     FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace WHERE v.oid = '${vectors}'::regclass`,
  );
  if (is?.whole) return true;
  // Locked in the order of who writes: the galleries, then the table
  await query(`UPDATE ${GALLERIES} SET packed_dims = 0 WHERE packed_dims = $1`, [dims]);
  await query('SAVEPOINT without_blocks');
  try {
    await query(`DROP TABLE IF EXISTS ${is?.schema}.${blocks}`);
    await createBlockTable(query, dims);
    await createTriggers(query, dims);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== NOT_SUPPORTED) throw error;
    await query('ROLLBACK TO without_blocks');
    return false;
  }
}

async function createBlockTable(query: Query, dims: number): Promise<void> {
  const blocks = blocksOf(dims);
  const columns = codeColumns(dims);
  await query(`CREATE TABLE ${blocks} (
    gallery_no bigint NOT NULL,
    block_no   bigint NOT NULL,
    ${columns.map((column) => `${column} bit(${2 * dims})`).join(', ')},
    PRIMARY KEY (gallery_no, block_no)
  ) WITH (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)`);
  // Plain: with the short head of other short values each would be copied before it is compared
  const plain = columns.map((column) => `ALTER ${column} SET STORAGE PLAIN`);
  await query(`ALTER TABLE ${blocks} ${plain.join(', ')}`);
  await raiseWall(query, blocks);
}

async function createTriggers(query: Query, dims: number): Promise<void> {
  const vectors = tableOf(dims);
  await query(packFunction(dims));
  await query(triggerFunction(dims));
  const on = (event: string, rows: string): string =>
    `CREATE OR REPLACE TRIGGER pack_${event.toLowerCase()} AFTER ${event} ON ${vectors} ${rows}
     EXECUTE FUNCTION ${vectors}_changed()`;
  await query(on('INSERT', 'REFERENCING NEW TABLE AS touched FOR EACH STATEMENT'));
  await query(on('UPDATE', 'REFERENCING NEW TABLE AS touched FOR EACH STATEMENT'));
  await query(on('DELETE', 'REFERENCING OLD TABLE AS touched FOR EACH STATEMENT'));
  await query(on('TRUNCATE', 'FOR EACH STATEMENT'));
}

/** Makes blocks anew from the rows there are. The settings keep a plan made for a few rows from being one for a million. */
function packFunction(dims: number): string {
  const [vectors, blocks, length] = [tableOf(dims), blocksOf(dims), blockLength(dims)];
  const level = `array_fill(${LEVEL / Math.sqrt(dims)}::real, ARRAY[${dims}])::halfvec(${dims})`;
  const code = `(binary_quantize(v.vector - ${level}) || binary_quantize(v.vector + ${level}))::bit(${2 * dims})`;
  return `CREATE OR REPLACE FUNCTION ${vectors}_pack(of_gallery bigint, of_blocks bigint[]) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $pack$
    BEGIN
      DELETE FROM ${blocks} WHERE gallery_no = of_gallery AND block_no = ANY (of_blocks);
      INSERT INTO ${blocks}
      SELECT of_gallery, b.block_no, ${codeColumns(dims)
        .map((_, place) => `b.codes[${place + 1}]`)
        .join(', ')}
      FROM (
        SELECT n.block_no, (
          SELECT CASE WHEN count(v.vector) > 0 THEN array_agg(${code} ORDER BY place) END
          FROM generate_series(0, ${length - 1}) AS place
            LEFT JOIN ${vectors} v ON v.gallery_no = of_gallery AND v.enrolment_no = n.block_no * ${length} + place
        ) AS codes
        FROM unnest(of_blocks) AS n (block_no)
        OFFSET 0
      ) b
      WHERE b.codes IS NOT NULL;
    END $pack$`;
}

function triggerFunction(dims: number): string {
  const vectors = tableOf(dims);
  return `CREATE OR REPLACE FUNCTION ${vectors}_changed() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $changed$
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE ${blocksOf(dims)};
      ELSE
        PERFORM ${vectors}_pack(t.gallery_no, array_agg(DISTINCT t.enrolment_no / ${blockLength(dims)}))
        FROM touched t GROUP BY t.gallery_no;
      END IF;
      RETURN NULL;
    END $changed$`;
}

/**
 * Inside a transaction that has locked the gallery: makes the blocks that its rows from this number on still lack, some
 * thousand rows at a time. Answers where to go on; undefined when it has them all, which is noted then.
 */
export async function packSome(
  query: Query,
  gallery: { readonly galleryNo: number; readonly dims: number },
  fromEnrolmentNo: number,
): Promise<number | undefined> {
  const { galleryNo, dims } = gallery;
  const [vectors, blocks, length] = [tableOf(dims), blocksOf(dims), blockLength(dims)];
  const [some] = await query<{ last: string | null }>(
    `WITH part AS MATERIALIZED (
       SELECT enrolment_no FROM ${vectors} WHERE gallery_no = $1 AND enrolment_no >= $2
       ORDER BY enrolment_no LIMIT ${PACKED_ROWS}
     ), lacking AS MATERIALIZED (
       SELECT DISTINCT enrolment_no / ${length} AS block_no FROM part
       EXCEPT SELECT block_no FROM ${blocks} WHERE gallery_no = $1
         AND block_no BETWEEN (SELECT min(enrolment_no) FROM part) / ${length}
                          AND (SELECT max(enrolment_no) FROM part) / ${length}
     )
     SELECT (SELECT max(enrolment_no) FROM part) AS last, ${vectors}_pack($1, array_agg(block_no)) FROM lacking`,
    [galleryNo, fromEnrolmentNo],
  );
  if (some?.last != null) return (Math.floor(Number(some.last) / length) + 1) * length;
  await query(`UPDATE ${GALLERIES} SET packed_dims = $2 WHERE gallery_no = $1`, [galleryNo, dims]);
  return undefined;
}
