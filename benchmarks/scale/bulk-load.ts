// A table of the search filled as a restored one is: rows first, by COPY, then its indexes, then its blocks, as a node packs
// them that finds a gallery of before. The rows are those that the adapter would have written; `checkAlike` has it look.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import type { GalleryIndex, IndexRow } from '../../src/core/ports.ts';
import { paddedDims } from '../../src/search/layout.ts';
import { blocksOf } from '../../src/search/postgres/blocks.ts';
import { openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { GALLERIES, tableOf } from '../../src/search/postgres/schema.ts';
import { halfVector } from '../../src/search/postgres/wire-values.ts';
import { rotateVector } from '../../src/search/rotation.ts';

const CHANGE_NO = 1;
/** Signature, flags, length of a longer head. */
const COPY_HEAD = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const COPY_END = Buffer.from([0xff, 0xff]);

export interface BulkLoad {
  write(rows: readonly IndexRow[]): Promise<void>;
  /** Makes the indexes and blocks, collects statistics, and notes how many there are. */
  finish(): Promise<{ readonly copyS: number; readonly indexS: number; readonly packS: number }>;
}

/** The tables must be there: the adapter makes them when it is first given a template of this length. */
export async function beginBulkLoad(
  pool: pg.Pool,
  of: { readonly url: string; readonly psql: string; readonly galleryNo: number; readonly dims: number },
): Promise<BulkLoad> {
  const { url, psql, galleryNo, dims } = of;
  const [table, blocks] = [tableOf(paddedDims(dims)), blocksOf(paddedDims(dims))];
  await pool.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await pool.query(`ALTER TABLE ${blocks} SET UNLOGGED`);
  const { rows: indexes } = await pool.query<{ name: string; definition: string; primary_key: string | null }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition,
       CASE WHEN i.indisprimary THEN pg_get_constraintdef(c.oid) END AS primary_key
     FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
     WHERE i.indrelid = $1::regclass`,
    [table],
  );
  for (const { name, primary_key } of indexes) {
    await pool.query(primary_key ? `ALTER TABLE ${table} DROP CONSTRAINT ${name}` : `DROP INDEX ${name}`);
  }
  // What is read and how fast doesn't depend on it; a million rows needn't go through the log first
  await pool.query(`ALTER TABLE ${table} SET UNLOGGED`);
  const copy = `COPY ${table} (gallery_no, enrolment_no, person_no, change_no, signs, vector) FROM STDIN (FORMAT binary, FREEZE)`;
  const statements = ['BEGIN', `TRUNCATE ${table}, ${blocks}`, copy, 'COMMIT'].flatMap((sql) => ['-c', sql]);
  const child = spawn(psql, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...statements, url], {
    stdio: ['pipe', 'inherit', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  // Its last words say why
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  let count = 0;
  let copyMs = 0;

  async function write(bytes: Buffer): Promise<void> {
    const startMs = performance.now();
    if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, 'drain'), ended]);
    copyMs += performance.now() - startMs;
    if (child.exitCode !== null) throw new Error(`COPY ended: ${complaint}`);
  }

  await write(COPY_HEAD);
  return {
    async write(rows) {
      count += rows.length;
      await write(Buffer.concat(rows.map((row) => copyRow(galleryNo, row))));
    },
    async finish() {
      const startMs = performance.now();
      child.stdin.end(COPY_END);
      const [code] = await ended;
      if (code !== 0) throw new Error(`COPY failed: ${complaint}`);
      copyMs += performance.now() - startMs;
      const indexMs = performance.now();
      await pool.query("SET maintenance_work_mem = '1GB'");
      for (const { name, definition, primary_key } of indexes) {
        await pool.query(primary_key ? `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${primary_key}` : definition);
      }
      await pool.query('RESET maintenance_work_mem');
      await pool.query(
        `UPDATE ${GALLERIES} SET enrolments = $2, persons = $2, packed_dims = 0, version = version + 1, last_change_no = $3
         WHERE gallery_no = $1`,
        [galleryNo, count, CHANGE_NO],
      );
      const packMs = performance.now();
      await pool.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
      await openDatabaseIndex({ pool, connections: 1 });
      const packedMs = performance.now();
      await pool.query('VACUUM ANALYZE');
      return { copyS: copyMs / 1000, indexS: (packMs - indexMs) / 1000, packS: (packedMs - packMs) / 1000 };
    },
  };
}

/** Throws unless the adapter, given rows that were copied in, finds nothing in them to change. */
export async function checkAlike(
  pool: pg.Pool,
  index: GalleryIndex,
  of: { readonly galleryNo: number; readonly rows: readonly IndexRow[] },
): Promise<void> {
  const { galleryNo, rows } = of;
  const dims = paddedDims(rows[0]?.vector.length ?? 0);
  const before = await index.size(galleryNo);
  await index.add(galleryNo, rows, CHANGE_NO + 1);
  const after = await index.size(galleryNo);
  const { rows: odd } = await pool.query(
    `SELECT FROM ${tableOf(dims)} WHERE gallery_no = $1 AND enrolment_no = ANY ($3)
       AND (change_no <> $2 OR signs <> binary_quantize(vector)::bit(${dims}))`,
    [galleryNo, CHANGE_NO, rows.map(({ enrolmentNo }) => enrolmentNo)],
  );
  if (odd.length === 0 && before.enrolments === after.enrolments && before.persons === after.persons) return;
  throw new Error(`${odd.length} of ${rows.length} rows are not as the adapter writes them`);
}

function copyRow(galleryNo: number, { enrolmentNo, personNo, vector }: IndexRow): Buffer {
  const half = halfVector(rotateVector(vector));
  const signBytes = (half.length - 4) / 16;
  const row = Buffer.alloc(2 + 4 * 12 + 8 + signBytes + 4 + half.length);
  let at = row.writeInt16BE(6, 0);
  for (const value of [galleryNo, enrolmentNo, personNo, CHANGE_NO]) {
    at = row.writeInt32BE(8, at);
    at = row.writeBigInt64BE(BigInt(value), at);
  }
  at = row.writeInt32BE(4 + signBytes, at);
  at = row.writeInt32BE(8 * signBytes, at);
  for (let i = 0; i < 8 * signBytes; i++) {
    // Above zero: neither the sign bit nor nothing at all
    const bits = half.readUInt16BE(4 + 2 * i);
    if (bits > 0 && bits < 0x8000) row[at + (i >> 3)] = (row[at + (i >> 3)] as number) | (0x80 >> (i & 7));
  }
  at = row.writeInt32BE(half.length, at + signBytes);
  half.copy(row, at);
  return row;
}
