import { KithError } from '../../core/errors.ts';
import type { NewPerson } from '../../core/storage/persons.ts';
import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef, Person } from '../../core/types.ts';
import {
  missing,
  type PersonNo,
  type PersonsFrom,
  type PersonWithEnrolmentsRow,
  patternOf,
  personsFrom,
  tooManyPersons,
  toPerson,
} from '../rows/persons.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';

export interface Persons
  extends Pick<
    Store,
    | 'createPerson'
    | 'getPerson'
    | 'findPersonByName'
    | 'findPersonsByName'
    | 'listPersons'
    | 'listPersonsByName'
    | 'listNewestPersons'
    | 'countPersonsByName'
    | 'updatePerson'
    | 'deletePerson'
    | 'findGalleriesOfPerson'
    | 'getPersonKey'
  > {
  /** Throws already-exists; the caller keeps the gallery's counts. */
  insertPerson(ref: GalleryRef, galleryNo: number, person: NewPerson): Promise<Person>;
  /** The person's number and their gallery's; throws not-found for either. */
  getPersonNo(ref: GalleryRef, personId: string): Promise<PersonNo>;
}

const COLUMNS =
  'person_no AS "personNo", person_id AS "personId", name, user_data AS "userData", created_ms AS "createdMs"';
// Covered by the index of (person_no, enrolment_id), which carries the number as well
const WITH_ENROLMENTS = `${COLUMNS}, (
  SELECT coalesce(json_agg(enrolment_id ORDER BY enrolment_no), '[]')::text FROM enrolments e WHERE e.person_no = persons.person_no
) AS "enrolmentIds"`;
const NAMED = `(@pattern = '' OR name ILIKE @pattern ESCAPE '\\')`;
const UNMERGED = 'person_no NOT IN (SELECT person_no FROM persons WHERE merged_into IS NOT NULL)';

export function persons(
  db: Connection,
  parts: {
    readonly galleries: Galleries;
    readonly changes: Changes;
    readonly consents: ConsentRows;
    readonly erasures: Erasures;
  },
): Persons {
  const { galleries, changes, consents, erasures } = parts;
  // By position: an import calls it for every row, and names would cost it a quarter of its speed
  const insert = db
    .prepare<[number, string, string, string | null, Uint8Array, number, number, number | null], number>(
      `INSERT INTO persons (gallery_no, person_id, name, user_data, wrapped_key, created_ms, modified_ms, last_used_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING RETURNING person_no`,
    )
    .pluck();
  const findNo = db.prepare<[number, string], { personNo: number; suspended: number }>(
    'SELECT person_no AS "personNo", suspended FROM persons WHERE gallery_no = ? AND person_id = ? AND merged_into IS NULL',
  );
  const find = db.prepare<[number, string], PersonWithEnrolmentsRow>(
    `SELECT ${WITH_ENROLMENTS} FROM persons WHERE gallery_no = ? AND person_id = ? AND merged_into IS NULL`,
  );
  const findByName = db.prepare<[number, string, number], PersonWithEnrolmentsRow>(
    `SELECT ${WITH_ENROLMENTS} FROM persons
     WHERE gallery_no = ? AND name = ? AND merged_into IS NULL ORDER BY person_no LIMIT ?`,
  );
  const list = db.prepare<[number, string, number], PersonWithEnrolmentsRow>(
    `SELECT ${WITH_ENROLMENTS} FROM persons
     WHERE gallery_no = ? AND person_id > ? AND merged_into IS NULL ORDER BY person_id LIMIT ?`,
  );
  // Along the index of names, from a place in it. Whoever is passed over costs a step in the index and no look at a row:
  // hence the few that were merged as a list, and no pattern where none was given.
  const listByName = db.prepare<[PersonsFrom & { readonly name: string }], PersonWithEnrolmentsRow>(
    `SELECT ${WITH_ENROLMENTS} FROM persons
     WHERE gallery_no = @galleryNo AND (name, person_no) > (@name, @personNo) AND ${NAMED} AND ${UNMERGED}
     ORDER BY name, person_no LIMIT @limit OFFSET @skip`,
  );
  const listNewest = db.prepare<[PersonsFrom], PersonWithEnrolmentsRow>(
    `SELECT ${WITH_ENROLMENTS} FROM persons
     WHERE gallery_no = @galleryNo AND person_no < @personNo AND ${NAMED} AND ${UNMERGED}
     ORDER BY person_no DESC LIMIT @limit OFFSET @skip`,
  );
  const countByName = db
    .prepare<[Pick<PersonsFrom, 'galleryNo' | 'pattern'>], number>(
      `SELECT count(*) FROM persons WHERE gallery_no = @galleryNo AND ${NAMED} AND ${UNMERGED}`,
    )
    .pluck();
  const findGalleries = db.prepare<[string, string], GalleryRef>(
    `SELECT g.tenant_id AS "tenantId", g.kind, g.gallery_id AS "galleryId"
     FROM galleries g JOIN persons p ON p.gallery_no = g.gallery_no
     WHERE g.tenant_id = ? AND g.erasing = 0 AND p.person_id = ? AND p.merged_into IS NULL
     ORDER BY g.kind, g.gallery_id`,
  );
  const update = db.prepare<[string | null, string | null, number, number]>(
    `UPDATE persons SET name = coalesce(?, name), user_data = coalesce(?, user_data), modified_ms = ?
     WHERE person_no = ?`,
  );
  const findKey = db.prepare<[number], { wrappedKey: Uint8Array }>(
    'SELECT wrapped_key AS "wrappedKey" FROM persons WHERE person_no = ?',
  );
  const enrolmentsOf = db.prepare<[number], { enrolmentNo: number; enrolmentId: string; hasPhoto: boolean }>(
    `SELECT enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId",
            EXISTS (SELECT FROM enrolment_photos f WHERE f.enrolment_no = enrolments.enrolment_no) AS "hasPhoto"
     FROM enrolments WHERE person_no = ? ORDER BY enrolment_no`,
  );
  // With whoever was merged into those who were merged into the person
  const idsOf = db
    .prepare<[number], string>(
      `WITH RECURSIVE one (person_no) AS (
         VALUES (?::bigint) UNION ALL SELECT p.person_no FROM persons p JOIN one ON p.merged_into = one.person_no
       ) SELECT person_id FROM persons JOIN one USING (person_no)`,
    )
    .pluck();
  const countConsents = db.prepare<[number], number>('SELECT count(*) FROM consents WHERE person_no = ?').pluck();
  const countReviewPhotos = db
    .prepare<[number], number>('SELECT count(sealed_photo) FROM reviews WHERE person_no = ?')
    .pluck();
  const countCopies = db
    .prepare<[number, number], number>(
      `SELECT count(*) FROM snapshot_enrolments WHERE person_no = ?
         AND snapshot_no IN (SELECT snapshot_no FROM snapshot_persons WHERE person_no = ?)`,
    )
    .pluck();
  const remove = db.prepare<[number]>('DELETE FROM persons WHERE person_no = ?');
  // By the face too: one that was moved here is in a snapshot under whoever had it then
  const removeCopies = db.prepare<[number]>('DELETE FROM snapshot_enrolments WHERE enrolment_no = ?');

  async function getPersonNo(ref: GalleryRef, personId: string): Promise<PersonNo> {
    const { galleryNo, consentPolicy } = await galleries.getHead(ref);
    const { personNo, suspended } = (await findNo.get(galleryNo, personId)) ?? missing(ref, personId);
    return { galleryNo, personNo, consentPolicy, isSuspended: suspended === 1 };
  }

  async function insertPerson(ref: GalleryRef, galleryNo: number, person: NewPerson): Promise<Person> {
    const { personId, name, userData = null, wrappedKey, createdMs, lastUsedMs = null } = person;
    const personNo = await insert.get(
      galleryNo,
      personId,
      name,
      userData,
      wrappedKey,
      createdMs,
      createdMs,
      lastUsedMs,
    );
    if (personNo === undefined) {
      throw new KithError({
        kind: 'already-exists',
        resource: 'person',
        id: personId,
        galleryKind: ref.kind,
      });
    }
    if (person.consent) await consents.put(personNo, person.consent);
    return userData === null
      ? { personId, personNo, name, createdMs }
      : { personId, personNo, name, userData, createdMs };
  }

  return {
    createPerson: async (ref: GalleryRef, person: NewPerson, maxPersons: number) => {
      const gallery = await galleries.getHead(ref);
      if (gallery.persons >= maxPersons) throw tooManyPersons(maxPersons);
      const created = await insertPerson(ref, gallery.galleryNo, person);
      await galleries.addToCounts(gallery.galleryNo, 1, 0);
      return created;
    },
    async getPerson(ref, personId) {
      const { galleryNo } = await galleries.getHead(ref);
      return toPerson((await find.get(galleryNo, personId)) ?? missing(ref, personId));
    },
    async findPersonByName(ref, name) {
      const row = await findByName.get((await galleries.getHead(ref)).galleryNo, name, 1);
      return row && toPerson(row);
    },
    async findPersonsByName(ref, name, limit) {
      return (await findByName.all((await galleries.getHead(ref)).galleryNo, name, limit)).map(toPerson);
    },
    async listPersons(ref, page) {
      return (await list.all((await galleries.getHead(ref)).galleryNo, page.after ?? '', page.limit)).map(toPerson);
    },
    async listPersonsByName(ref, wanted) {
      const { name = '', personNo = 0 } = wanted.after ?? {};
      const from = personsFrom((await galleries.getHead(ref)).galleryNo, wanted);
      return (await listByName.all({ ...from, name, personNo })).map(toPerson);
    },
    async listNewestPersons(ref, wanted) {
      const { personNo = Number.MAX_SAFE_INTEGER } = wanted.after ?? {};
      const from = personsFrom((await galleries.getHead(ref)).galleryNo, wanted);
      return (await listNewest.all({ ...from, personNo })).map(toPerson);
    },
    async countPersonsByName(ref, containing = '') {
      const { galleryNo, persons } = await galleries.getHead(ref);
      if (containing === '') return persons;
      return (await countByName.get({ galleryNo, pattern: patternOf(containing) })) ?? 0;
    },
    updatePerson: async (
      ref: GalleryRef,
      personId: string,
      patch: { name?: string; userData?: string },
      nowMs: number,
    ) => {
      const { personNo } = await getPersonNo(ref, personId);
      await update.run(patch.name ?? null, patch.userData ?? null, nowMs, personNo);
    },
    deletePerson: async (ref: GalleryRef, personId: string) => {
      const { galleryNo, personNo, isSuspended } = await getPersonNo(ref, personId);
      const faces = await enrolmentsOf.all(personNo);
      const ids = await idsOf.all(personNo);
      for (const id of ids) await erasures.record('person', galleryNo, id);
      for (const { enrolmentId } of faces) await erasures.record('enrolment', galleryNo, enrolmentId);
      const consentCount = (await countConsents.get(personNo)) ?? 0;
      const reviewPhotoCount = (await countReviewPhotos.get(personNo)) ?? 0;
      let snapshotTemplates = (await countCopies.get(personNo, personNo)) ?? 0;
      await remove.run(personNo);
      await galleries.addToCounts(galleryNo, -1, isSuspended ? 0 : -faces.length);
      for (const { enrolmentNo } of faces) {
        snapshotTemplates += (await removeCopies.run(enrolmentNo)).changes;
        await changes.record('remove', galleryNo, enrolmentNo);
      }
      return {
        persons: 1,
        keys: ids.length,
        templates: faces.length,
        photos: faces.filter(({ hasPhoto }) => hasPhoto).length + reviewPhotoCount,
        consents: consentCount,
        snapshotTemplates,
      };
    },
    findGalleriesOfPerson: async (tenantId, personId) => await findGalleries.all(tenantId, personId),
    async getPersonKey(ref, personId) {
      const { galleryNo, personNo } = await getPersonNo(ref, personId);
      const { wrappedKey } = (await findKey.get(personNo)) ?? missing(ref, personId);
      const { transformKey } = await galleries.getHead(ref);
      return { galleryNo, personNo, wrappedKey, ...(transformKey === null ? {} : { transformKey }) };
    },
    insertPerson,
    getPersonNo,
  };
}
