import { KithError } from '../../core/errors.ts';
import type { IndexRow } from '../../core/ports.ts';
import { checkLength, checkRow } from '../checks.ts';
import { paddedDims } from '../layout.ts';
import { rotateVector } from '../rotation.ts';
import { lockGallery } from './gallery-lock.ts';
import { packAtOnce } from './packing.ts';
import { GALLERIES, ofGallery, REMOVALS, tableOf } from './schema.ts';
import { type Connections, inTransaction, type Query } from './transactions.ts';
import { createVectorTable } from './vector-table.ts';
import { bigints, halfVectors } from './wire-values.ts';

/** Of one statement: some 2 MB of templates. */
const ROWS_A_STATEMENT = 1000;
/** Of one statement, some 25 MB. */
const ROWS_A_DELETION = 20_000;
/** A gallery of so many rows that isn't packed yet is packed with the next that are added; a larger one at a node's start. */
const PACKED_AT_ONCE = 20_000;
/** A node that stood still for longer has to be started again. */
const REMOVALS_KEPT = '3 days';

/**
 * Writes that may be made twice, by several nodes, in any order: the change numbers tell what is newer. Those of one
 * gallery follow one another, as they lock its row.
 */
export class GalleryWriter {
  readonly #pool: Connections;
  readonly #begin: string;
  /** Dimensions of tables that are there, and whether they have blocks. */
  readonly #tables = new Map<number, boolean>();
  #halfVectorOid: number | undefined;

  /** `path`: the setting that createSchema answers. */
  constructor(pool: Connections, path: string) {
    this.#pool = pool;
    this.#begin = `BEGIN; ${path}; SET LOCAL jit = off`;
  }

  async add(galleryNo: number, rows: readonly IndexRow[], changeNo: number | undefined): Promise<void> {
    const length = rows[0]?.vector.length ?? 0;
    checkLength(length);
    for (const row of rows) checkRow(row, length);
    // The last of several with one number counts
    const byNumber = new Map(rows.map((row) => [row.enrolmentNo, { ...row, vector: rotateVector(row.vector) }]));
    const sorted = [...byNumber.values()].sort((a, b) => a.enrolmentNo - b.enrolmentNo);
    const dims = paddedDims(length);
    const hasBlocks = await this.#createTable(dims);
    await this.#inGallery(galleryNo, async (query) => {
      if (changeNo !== undefined && (await hasAll(query, galleryNo, { table: tableOf(dims), sorted, changeNo }))) {
        return;
      }
      const gallery = await lockGallery(query, galleryNo);
      const asOf = changeNo ?? gallery.lastChangeNo + 1;
      if (asOf < gallery.removedChangeNo) return;
      if (gallery.enrolments > 0 && gallery.dims !== length) throw wrongLength(length, gallery.dims);
      const written = { enrolments: 0, persons: 0 };
      for (let from = 0; from < sorted.length; from += ROWS_A_STATEMENT) {
        const some = await this.#insert(query, galleryNo, {
          dims,
          rows: sorted.slice(from, from + ROWS_A_STATEMENT),
          asOf,
        });
        written.enrolments += some.enrolments;
        written.persons += some.persons;
      }
      await noteWritten(query, galleryNo, { ...written, changeNo: asOf, dims: length });
      const isPacked = gallery.packedDims === dims;
      if (hasBlocks && !isPacked && gallery.enrolments <= PACKED_AT_ONCE) await packAtOnce(query, { galleryNo, dims });
    });
  }

  async remove(
    galleryNo: number,
    enrolmentNos: readonly number[],
    changeNos: readonly number[] | undefined,
  ): Promise<void> {
    await this.#inGallery(galleryNo, async (query) => {
      const gallery = await lockGallery(query, galleryNo);
      const newest = gallery.lastChangeNo + 1;
      const removals = new Map<number, number>();
      for (const [i, enrolmentNo] of enrolmentNos.entries()) {
        removals.set(enrolmentNo, Math.max(removals.get(enrolmentNo) ?? 0, changeNos?.[i] ?? newest));
      }
      const removed = await this.#delete(query, galleryNo, { dims: gallery.dims, removals });
      const changeNo = [...removals.values()].reduce((most, each) => Math.max(most, each), 0);
      await noteWritten(query, galleryNo, { ...removed, changeNo, dims: gallery.dims });
    });
  }

  async removeGallery(galleryNo: number, changeNo: number | undefined): Promise<void> {
    await this.#inGallery(galleryNo, async (query) => {
      const gallery = await lockGallery(query, galleryNo);
      const removedNo = changeNo ?? gallery.lastChangeNo + 1;
      await query(`DELETE FROM ${REMOVALS} WHERE gallery_no = $1 AND change_no <= $2`, [galleryNo, removedNo]);
      let left = { enrolments: 0, persons: 0 };
      if (gallery.dims > 0) {
        const table = tableOf(paddedDims(gallery.dims));
        await deleteOlder(query, galleryNo, { table, changeNo: removedNo });
        const [counts] = await query<{ enrolments: string; persons: string }>(
          `SELECT count(*) AS enrolments, count(DISTINCT person_no) AS persons FROM ${table} WHERE gallery_no = $1`,
          [galleryNo],
        );
        left = { enrolments: Number(counts?.enrolments), persons: Number(counts?.persons) };
      }
      await query(
        `UPDATE ${GALLERIES} SET enrolments = $2, persons = $3, version = version + 1,
           last_change_no = greatest(last_change_no, $4), removed_change_no = greatest(removed_change_no, $4)
         WHERE gallery_no = $1`,
        [galleryNo, left.enrolments, left.persons, removedNo],
      );
    });
  }

  /** Forgets what only a node that stood still for days could still bring back. */
  async forgetOldRemovals(): Promise<void> {
    await inTransaction(this.#pool, { begin: this.#begin }, (query) =>
      query(`DELETE FROM ${REMOVALS} WHERE removed_at < now() - interval '${REMOVALS_KEPT}'`),
    );
  }

  async #createTable(dims: number): Promise<boolean> {
    const known = this.#tables.get(dims);
    if (known !== undefined) return known;
    const hasBlocks = await inTransaction(this.#pool, { begin: this.#begin }, (query) =>
      createVectorTable(query, dims),
    );
    this.#tables.set(dims, hasBlocks);
    return hasBlocks;
  }

  #inGallery(galleryNo: number, work: (query: Query) => Promise<void>): Promise<void> {
    return inTransaction(this.#pool, { begin: `${this.#begin}; ${ofGallery(galleryNo)}` }, work);
  }

  async #insert(
    query: Query,
    galleryNo: number,
    work: { readonly dims: number; readonly rows: readonly IndexRow[]; readonly asOf: number },
  ): Promise<Counts> {
    const { dims, rows, asOf } = work;
    const table = tableOf(dims);
    const enrolmentNos = bigints(rows.map(({ enrolmentNo }) => enrolmentNo));
    const before = await query<{ person_no: string }>(
      `SELECT DISTINCT person_no FROM ${table} WHERE gallery_no = $1 AND enrolment_no = ANY ($2::bigint[])`,
      [galleryNo, enrolmentNos],
    );
    const touched = [...rows.map(({ personNo }) => personNo), ...before.map((row) => Number(row.person_no))];
    return countPersons(query, { table, galleryNo, personNos: touched }, async () => {
      const inserted = await query<{ is_new: boolean }>(
        `INSERT INTO ${table} AS t (gallery_no, enrolment_no, person_no, change_no, signs, vector)
         SELECT $1, g.enrolment_no, g.person_no, $4, binary_quantize(g.vector)::bit(${dims}), g.vector
         FROM unnest($2::bigint[], $3::bigint[], $5::halfvec[]) AS g (enrolment_no, person_no, vector)
           LEFT JOIN ${REMOVALS} r ON r.gallery_no = $1 AND r.enrolment_no = g.enrolment_no AND r.change_no > $4
           LEFT JOIN ${table} old ON old.gallery_no = $1 AND old.enrolment_no = g.enrolment_no
         WHERE r.change_no IS NULL AND (old.change_no IS NULL
           OR old.change_no <= $4 AND (old.person_no <> g.person_no OR old.vector <> g.vector))
         ON CONFLICT (gallery_no, enrolment_no) DO UPDATE SET
           person_no = excluded.person_no, change_no = excluded.change_no, signs = excluded.signs, vector = excluded.vector
         RETURNING xmax = 0 AS is_new`,
        [
          galleryNo,
          enrolmentNos,
          bigints(rows.map(({ personNo }) => personNo)),
          asOf,
          halfVectors(
            rows.map(({ vector }) => vector),
            await this.#oidOfHalfVector(query),
          ),
        ],
      );
      return inserted.filter((row) => row.is_new).length;
    });
  }

  async #delete(
    query: Query,
    galleryNo: number,
    work: { readonly dims: number; readonly removals: ReadonlyMap<number, number> },
  ): Promise<Counts> {
    const numbers = [galleryNo, bigints([...work.removals.keys()]), bigints([...work.removals.values()])];
    const given = 'unnest($2::bigint[], $3::bigint[]) AS g (enrolment_no, change_no)';
    await query(
      `INSERT INTO ${REMOVALS} AS r (gallery_no, enrolment_no, change_no)
       SELECT $1, g.enrolment_no, g.change_no FROM ${given}
       ON CONFLICT (gallery_no, enrolment_no) DO UPDATE SET
         change_no = greatest(r.change_no, excluded.change_no), removed_at = now()`,
      numbers,
    );
    if (work.dims === 0) return { enrolments: 0, persons: 0 };
    const table = tableOf(paddedDims(work.dims));
    const older = 't.gallery_no = $1 AND t.enrolment_no = g.enrolment_no AND t.change_no < g.change_no';
    const persons = await query<{ person_no: string }>(
      `SELECT DISTINCT t.person_no FROM ${table} t JOIN ${given} ON ${older}`,
      numbers,
    );
    const personNos = persons.map((row) => Number(row.person_no));
    return countPersons(query, { table, galleryNo, personNos }, async () => {
      const gone = await query(`DELETE FROM ${table} t USING ${given} WHERE ${older} RETURNING 1`, numbers);
      return -gone.length;
    });
  }

  async #oidOfHalfVector(query: Query): Promise<number> {
    this.#halfVectorOid ??= Number((await query<{ oid: string }>("SELECT 'halfvec'::regtype::oid AS oid"))[0]?.oid);
    return this.#halfVectorOid;
  }
}

interface Counts {
  readonly enrolments: number;
  readonly persons: number;
}

/** Makes a change that touches no other persons than these, and counts by how many there are more or fewer then. */
async function countPersons(
  query: Query,
  of: { readonly table: string; readonly galleryNo: number; readonly personNos: readonly number[] },
  change: () => Promise<number>,
): Promise<Counts> {
  const personNos = bigints([...new Set(of.personNos)]);
  const count = async (): Promise<number> => {
    const [row] = await query<{ persons: string }>(
      `SELECT count(*) AS persons FROM unnest($2::bigint[]) AS p (person_no)
       WHERE EXISTS (SELECT FROM ${of.table} t WHERE t.gallery_no = $1 AND t.person_no = p.person_no)`,
      [of.galleryNo, personNos],
    );
    return Number(row?.persons);
  };
  const before = await count();
  const enrolments = await change();
  return { enrolments, persons: enrolments === 0 && before === 0 ? 0 : (await count()) - before };
}

/** Whether another node has added all of this already, as new as it is here or newer: then there is no lock to wait for. */
async function hasAll(
  query: Query,
  galleryNo: number,
  of: { readonly table: string; readonly sorted: readonly IndexRow[]; readonly changeNo: number },
): Promise<boolean> {
  const [row] = await query<{ known: string }>(
    `SELECT count(*) AS known FROM ${of.table}
     WHERE gallery_no = $1 AND enrolment_no = ANY ($2::bigint[]) AND change_no >= $3`,
    [galleryNo, bigints(of.sorted.map(({ enrolmentNo }) => enrolmentNo)), of.changeNo],
  );
  return Number(row?.known) === of.sorted.length;
}

/** By parts: each statement lays the rows it deletes aside, for the trigger that keeps the blocks. */
async function deleteOlder(
  query: Query,
  galleryNo: number,
  of: { readonly table: string; readonly changeNo: number },
): Promise<void> {
  for (let from = 0; ; ) {
    const [part] = await query<{ next: string | null }>(
      `SELECT max(enrolment_no) + 1 AS next FROM (SELECT enrolment_no FROM ${of.table}
         WHERE gallery_no = $1 AND enrolment_no >= $2 ORDER BY enrolment_no LIMIT ${ROWS_A_DELETION}) part`,
      [galleryNo, from],
    );
    if (part?.next == null) return;
    await query(
      `DELETE FROM ${of.table} WHERE gallery_no = $1 AND enrolment_no >= $2 AND enrolment_no < $3 AND change_no < $4`,
      [galleryNo, from, part.next, of.changeNo],
    );
    from = Number(part.next);
  }
}

async function noteWritten(
  query: Query,
  galleryNo: number,
  written: Counts & { readonly changeNo: number; readonly dims: number },
): Promise<void> {
  await query(
    `UPDATE ${GALLERIES} SET enrolments = enrolments + $2, persons = persons + $3, dims = $5, version = version + 1,
       last_change_no = greatest(last_change_no, $4)
     WHERE gallery_no = $1`,
    [galleryNo, written.enrolments, written.persons, written.changeNo, written.dims],
  );
}

function wrongLength(length: number, expected: number): KithError {
  return new KithError({
    kind: 'model-mismatch',
    message: `A template of length ${length} can't be compared with this gallery's templates of length ${expected}.`,
  });
}
