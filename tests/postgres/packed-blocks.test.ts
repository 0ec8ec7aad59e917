// Level codes packed many to a row: whoever writes to a gallery, by whatever statement, its blocks say what its rows say.
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexRow } from '../../src/core/ports.ts';
import { blockLength, blocksOf, codeColumns } from '../../src/search/postgres/blocks.ts';
import { openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { halfVector, levelBits } from '../../src/search/postgres/wire-values.ts';
import { rotateVector } from '../../src/search/rotation.ts';
import { embeddingMaker } from '../search/embeddings.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

const DIMS = 512;
const TABLE = `kith_vectors_${DIMS}`;
const LENGTH = blockLength(DIMS);

describe.skipIf(SHARED_POSTGRES === undefined)(
  `packed blocks (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    const make = embeddingMaker(DIMS, 11);
    const row = (enrolmentNo: number, personNo = enrolmentNo): IndexRow => ({
      personNo,
      enrolmentNo,
      vector: make.stranger(),
    });
    const databases: TestDatabase[] = [];
    let database: TestDatabase;
    let pool: Pool;

    beforeAll(async () => {
      await startAnew();
    });
    afterAll(async () => {
      for (const each of databases) await each.drop();
    });

    async function startAnew(): Promise<void> {
      database = await createTestDatabase();
      databases.push(database);
      pool = database.openPool({ max: 2 });
    }

    const openNode = () => openDatabaseIndex({ pool: database.openPool({ max: 2 }), connections: 2, exactRows: 0 });
    type Node = Awaited<ReturnType<typeof openNode>>;

    /** Says how the answer came about: by level codes, or by whole templates. */
    async function find(node: Node, galleryNo: number, { vector }: IndexRow) {
      const { hits, exact } = await node.search(galleryNo, { vector, maxPersons: 1, minScore: 0.9 });
      return { found: hits[0]?.enrolmentNo, by: exact ? 'whole' : 'codes' };
    }

    /** Enrolments in the blocks of a gallery; throws where a code isn't that of the row's template. */
    async function packed(galleryNo: number): Promise<number[]> {
      const columns = codeColumns(DIMS);
      const { rows } = await pool.query(
        `SELECT b.block_no * ${LENGTH} + c.place - 1 AS no, c.code::text, v.vector::text
         FROM ${blocksOf(DIMS)} b CROSS JOIN unnest(ARRAY[${columns.join()}]) WITH ORDINALITY AS c (code, place)
           LEFT JOIN ${TABLE} v ON v.gallery_no = $1 AND v.enrolment_no = b.block_no * ${LENGTH} + c.place - 1
         WHERE b.gallery_no = $1 AND c.code IS NOT NULL ORDER BY 1`,
        [galleryNo],
      );
      for (const { no, code, vector } of rows) {
        const expected = levelBits(Float32Array.from(JSON.parse(vector) as number[]));
        const differing = [...expected].filter((bit, i) => bit !== code[i]).length;
        // A member at the very edge of a level may fall to either side, as half vectors are rounded
        expect(differing, `enrolment ${no}`).toBeLessThan(4);
      }
      return rows.map(({ no }) => Number(no));
    }

    async function kept(galleryNo: number): Promise<number[]> {
      const { rows } = await pool.query(`SELECT enrolment_no FROM ${TABLE} WHERE gallery_no = $1 ORDER BY 1`, [
        galleryNo,
      ]);
      return rows.map(({ enrolment_no }) => Number(enrolment_no));
    }

    /** As nodes of before wrote: they know the rows and the counts, and of no blocks. */
    async function addAsOlderNode(galleryNo: number, { personNo, enrolmentNo, vector }: IndexRow): Promise<void> {
      const rotated = rotateVector(vector);
      await pool.query('INSERT INTO kith_vector_galleries (gallery_no) VALUES ($1) ON CONFLICT DO NOTHING', [
        galleryNo,
      ]);
      await pool.query(
        `INSERT INTO ${TABLE} SELECT $1, $2, $3, 1, binary_quantize(v)::bit(${DIMS}), v FROM (SELECT $4::halfvec(${DIMS})) AS g (v)
         ON CONFLICT (gallery_no, enrolment_no) DO UPDATE SET person_no = excluded.person_no, vector = excluded.vector`,
        [galleryNo, enrolmentNo, personNo, halfVector(rotated)],
      );
      await pool.query(
        `UPDATE kith_vector_galleries SET dims = ${DIMS}, version = version + 1,
           enrolments = (SELECT count(*) FROM ${TABLE} WHERE gallery_no = $1) WHERE gallery_no = $1`,
        [galleryNo],
      );
    }

    /** The tables as Kith made them before there were blocks. */
    async function createOlderTables(): Promise<void> {
      await pool.query('CREATE EXTENSION IF NOT EXISTS vector');
      await pool.query(`CREATE TABLE kith_vector_state (
        the_only boolean PRIMARY KEY DEFAULT true, schema_version integer NOT NULL, followed_change_no bigint)`);
      await pool.query('INSERT INTO kith_vector_state (schema_version, followed_change_no) VALUES (2, 7)');
      await pool.query(`CREATE TABLE kith_vector_galleries (
        gallery_no bigint PRIMARY KEY, dims integer NOT NULL DEFAULT 0, enrolments bigint NOT NULL DEFAULT 0,
        persons bigint NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0, last_change_no bigint NOT NULL DEFAULT 0,
        removed_change_no bigint NOT NULL DEFAULT 0)`);
      await createOlderVectors();
    }

    async function createOlderVectors(): Promise<void> {
      await pool.query(`CREATE TABLE ${TABLE} (
        gallery_no bigint NOT NULL, enrolment_no bigint NOT NULL, person_no bigint NOT NULL, change_no bigint NOT NULL,
        signs bit(${DIMS}) NOT NULL, vector halfvec(${DIMS}) NOT NULL, PRIMARY KEY (gallery_no, enrolment_no))`);
    }

    test('follow every change, those of galleries side by side and those that no node of this version makes', async () => {
      const node = await openNode();
      const numbers = [0, 1, LENGTH - 1, LENGTH, 5 * LENGTH + 3, 1000, 1001, 2 ** 31];
      const rows = numbers.map((no) => row(no));
      await node.add(1, rows);
      await node.add(2, [row(2), row(1002)]);
      expect(await packed(1)).toEqual(numbers);
      expect(await packed(2)).toEqual([2, 1002]);
      for (const each of rows) expect(await find(node, 1, each)).toEqual({ found: each.enrolmentNo, by: 'codes' });

      const other = row(1000);
      await node.add(1, [other]);
      await node.remove(1, [LENGTH, 1001, 4]);
      const left = numbers.filter((no) => no !== LENGTH && no !== 1001);
      expect(await packed(1)).toEqual(left);
      expect(await find(node, 1, other)).toEqual({ found: 1000, by: 'codes' });
      expect(await find(node, 1, rows[5] as IndexRow)).toEqual({ found: undefined, by: 'codes' });

      const theirs = row(3);
      await addAsOlderNode(1, theirs);
      expect(await find(node, 1, theirs)).toEqual({ found: 3, by: 'codes' });
      const again = row(3);
      await addAsOlderNode(1, again);
      expect(await find(node, 1, theirs)).toEqual({ found: undefined, by: 'codes' });
      expect(await find(node, 1, again)).toEqual({ found: 3, by: 'codes' });
      await pool.query(`DELETE FROM ${TABLE} WHERE enrolment_no IN (0, 1002)`);
      expect(await packed(1)).toEqual(await kept(1));
      expect(await packed(2)).toEqual([2]);

      await node.removeGallery(1);
      expect(await packed(1)).toEqual([]);
      await node.add(1, [again]);
      expect(await find(node, 1, again)).toEqual({ found: 3, by: 'codes' });
      await pool.query(`TRUNCATE kith_vector_galleries, ${TABLE}`);
      expect(await packed(1)).toEqual([]);
      await node.add(1, [theirs]);
      expect(await find(node, 1, theirs)).toEqual({ found: 3, by: 'codes' });
    });

    test('are made for a gallery of before by the first nodes that know them, while an older one writes on', async () => {
      await startAnew();
      await createOlderTables();
      const rows = Array.from({ length: 3000 }, (_, i) => row(3 * i));
      for (const each of rows.slice(0, 20)) await addAsOlderNode(1, each);
      await pool.query(
        `INSERT INTO ${TABLE} SELECT 1, n, n, 1, '0'::bit(${DIMS}), v.vector
         FROM generate_series(100000, 144999) n, (SELECT vector FROM ${TABLE} WHERE enrolment_no = 0) v`,
      );
      const [first, second] = await Promise.all([openNode(), openNode(), addAsOlderNode(1, rows[20] as IndexRow)]);
      await addAsOlderNode(1, rows[21] as IndexRow);
      for (const node of [first, second]) {
        for (const place of [1, 19, 20, 21]) {
          expect(await find(node, 1, rows[place] as IndexRow)).toEqual({ found: 3 * place, by: 'codes' });
        }
      }
      expect(await packed(1)).toEqual(await kept(1));
      expect(await first.followedChangeNo()).toBe(7);
    }, 60_000);

    test('are not asked for a gallery that an older node began in a table of its own making', async () => {
      await startAnew();
      const node = await openNode();
      await createOlderVectors();
      const [theirs, ours] = [row(5), row(6)];
      await addAsOlderNode(1, theirs);
      expect(await find(node, 1, theirs)).toEqual({ found: 5, by: 'whole' });
      // This node makes the triggers with its first row; from then on all are packed
      await node.add(1, [ours]);
      expect(await find(node, 1, theirs)).toEqual({ found: 5, by: 'codes' });
      expect(await find(node, 1, ours)).toEqual({ found: 6, by: 'codes' });
      expect(await packed(1)).toEqual([5, 6]);
    });

    test('are done without where the database has no triggers on such a table', async () => {
      await startAnew();
      // As Citus refuses them on a table that is spread over several machines
      await pool.query(`CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE feature_not_supported USING MESSAGE = 'triggers are not supported on distributed tables'; END $$`);
      await pool.query(
        "CREATE EVENT TRIGGER no_triggers ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION refuse()",
      );
      const kept = row(1);
      await (await openNode()).add(1, [kept]);
      const node = await openNode();
      await node.add(1, [row(2)]);
      expect(await find(node, 1, kept)).toEqual({ found: 1, by: 'whole' });
      expect((await node.stats()).enrolments).toBe(2);
      // They were allowed meanwhile
      await pool.query('DROP EVENT TRIGGER no_triggers');
      expect(await find(await openNode(), 1, kept)).toEqual({ found: 1, by: 'codes' });
    });

    test('are made anew at a start when somebody has dropped them, or the vectors beneath them', async () => {
      await startAnew();
      const kept = row(1);
      await (await openNode()).add(1, [kept]);
      await pool.query(`DROP TABLE ${blocksOf(DIMS)}`);
      expect(await find(await openNode(), 1, kept)).toEqual({ found: 1, by: 'codes' });
      await pool.query(`DROP TABLE ${TABLE}`);
      await createOlderVectors();
      await addAsOlderNode(1, row(2));
      await openNode();
      expect(await packed(1)).toEqual([2]);
    });
  },
);
