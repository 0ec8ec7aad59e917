// The second wall between galleries in the search's own tables, as a role meets it that is no superuser.
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabaseIndex, type SharedGalleryIndex } from '../../src/search/postgres/postgres-index.ts';
import { ofGallery } from '../../src/search/postgres/schema.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { plainRoleSchema, type TestSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { directions } from '../support/synthetic-gallery.ts';

const TABLE = 'kith_vectors_128';
const BLOCKS = 'kith_vector_blocks_128';
const CLOSE = `SELECT block_no FROM ${BLOCKS} WHERE gallery_no = 1 AND (c0 <~> repeat('0', 256)::bit(256) <= 60)`;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `galleries in the search's tables (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    const next = directions(9);
    const vectors = [next(), next(), next()];
    let schema: TestSchema;
    let pool: PrimaryPool;
    let path: string;
    let index: SharedGalleryIndex;

    beforeAll(async () => {
      schema = await plainRoleSchema();
      pool = openPrimaryPool(schema.url);
      await inTransaction('BEGIN', async (client) => {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(pool.schema)}`);
      });
      path = `BEGIN; SET LOCAL search_path = ${pool.schema}, public`;
      index = await openDatabaseIndex({ pool });
      await fill(index);
    });
    afterAll(async () => {
      await pool.close();
      await schema.drop();
    });

    /** Two rows of gallery 1, one of gallery 2. */
    async function fill(target: SharedGalleryIndex): Promise<void> {
      const rows = vectors.map((vector, i) => ({ personNo: i + 1, enrolmentNo: i + 1, vector }));
      await target.add(1, rows.slice(0, 2));
      await target.add(2, rows.slice(2));
    }

    async function inTransaction<T>(begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
      const client = await pool.connect();
      try {
        await client.query(begin);
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    }

    const seenWith = (setting: string, table = TABLE) =>
      inTransaction(`${path}; ${setting}`, async (client) => (await client.query(`SELECT FROM ${table}`)).rowCount);

    test('a statement that forgets the gallery sees the rows of its own only, and none without one', async () => {
      expect(await seenWith(ofGallery(1))).toBe(2);
      expect(await seenWith(ofGallery(2))).toBe(1);
      expect(await seenWith(ofGallery(3))).toBe(0);
      for (const [galleryNo, blocks] of [1, 1, 0].entries()) {
        expect(await seenWith(ofGallery(galleryNo + 1), BLOCKS)).toBe(blocks);
      }
      for (let again = 0; again < 20; again++) {
        expect([await seenWith('SELECT 1'), await seenWith('SELECT 1', BLOCKS)]).toEqual([0, 0]);
      }
    });

    test('none puts a row into another gallery, nor takes one out of it', async () => {
      const move = `INSERT INTO ${TABLE} SELECT 2, 9, person_no, change_no, signs, vector FROM ${TABLE}`;
      await expect(inTransaction(`${path}; ${ofGallery(1)}`, (client) => client.query(move))).rejects.toThrow(
        /row-level security/,
      );
      const remove = `DELETE FROM ${TABLE} WHERE enrolment_no = 3`;
      expect((await inTransaction(`${path}; ${ofGallery(1)}`, (client) => client.query(remove))).rowCount).toBe(0);
      const { hits } = await index.search(2, { vector: vectors[2] as Float32Array, maxPersons: 1, minScore: 0.9 });
      expect(hits).toHaveLength(1);
    });

    test('the wall is no work for each block', async () => {
      const explained = await inTransaction(`${path}; ${ofGallery(1)}`, (client) =>
        client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${CLOSE}`),
      );
      const plan = explained.rows.map((row) => row['QUERY PLAN'].trim());
      const walls = plan.filter((line) => line.includes('kith.gallery'));
      expect(walls).toHaveLength(1);
      expect(walls[0]).toMatch(/^One-Time Filter/);
      expect(plan.join('\n')).toContain('c0 <~>');
    });

    test('an index of before there was a wall goes on without one', async () => {
      const tables = ['kith_vector_state', 'kith_vector_galleries', 'kith_vector_removals', TABLE, BLOCKS];
      await inTransaction(path, async (client) => {
        await client.query(`DROP TABLE ${tables.join()}`);
        await client.query(`CREATE TABLE kith_vector_state (
          the_only boolean PRIMARY KEY DEFAULT true, schema_version integer NOT NULL, followed_change_no bigint)`);
        await client.query('INSERT INTO kith_vector_state (schema_version) VALUES (1)');
      });
      await fill(await openDatabaseIndex({ pool }));
      expect(await seenWith('SELECT 1')).toBe(3);
      expect(await seenWith('SELECT 1', BLOCKS)).toBe(2);
    });
  },
);
