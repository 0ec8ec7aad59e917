import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { NewPerson } from '../../core/storage/persons.ts';
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
import type { ConsentRows } from './consent-rows.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';
import type { SyncStore } from './sync-store.ts';

export interface Persons
  extends Pick<
    SyncStore,
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
  insertPerson(ref: GalleryRef, galleryNo: number, person: NewPerson): Person;
  /** The person's number and their gallery's; throws not-found for either. */
  getPersonNo(ref: GalleryRef, personId: string): PersonNo;
}

const COLUMNS =
  'person_no AS "personNo", person_id AS "personId", name, user_data AS "userData", created_ms AS "createdMs"';
// Covered by the index of (person_no, enrolment_id), which carries the number as well
const WITH_ENROLMENTS = `${COLUMNS}, (
  SELECT json_group_array(enrolment_id ORDER BY enrolment_no) FROM enrolments e WHERE e.person_no = persons.person_no
) AS "enrolmentIds"`;
const NAMED = `(@pattern = '' OR name LIKE @pattern ESCAPE '\\')`;
const UNMERGED = 'person_no NOT IN (SELECT person_no FROM persons WHERE merged_into IS NOT NULL)';

export function persons(
  db: Database,
  parts: {
    readonly galleries: Galleries;
    readonly changes: Changes;
    readonly consents: ConsentRows;
    readonly erasures: Erasures;
  },
): Persons {
  const { galleries, changes, consents, erasures } = parts;
  // By position: an import calls it for every row, and names would cost it a quarter of its speed
  const insert = db.prepare<[number, string, string, string | null, Uint8Array, number, number, number | null]>(
    `INSERT INTO persons (gallery_no, person_id, name, user_data, wrapped_key, created_ms, modified_ms, last_used_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
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
  const enrolmentsOf = db.prepare<[number], { enrolmentNo: number; enrolmentId: string; hasPhoto: number }>(
    `SELECT enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId",
            EXISTS (SELECT 1 FROM enrolment_photos f WHERE f.enrolment_no = enrolments.enrolment_no) AS "hasPhoto"
     FROM enrolments WHERE person_no = ? ORDER BY enrolment_no`,
  );
  // With whoever was merged into those who were merged into the person
  const idsOf = db
    .prepare<[number], string>(
      `WITH RECURSIVE one (person_no) AS (
         VALUES (?) UNION ALL SELECT p.person_no FROM persons p JOIN one ON p.merged_into = one.person_no
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

  function getPersonNo(ref: GalleryRef, personId: string): PersonNo {
    const { galleryNo, consentPolicy } = galleries.getHead(ref);
    const { personNo, suspended } = findNo.get(galleryNo, personId) ?? missing(ref, personId);
    return { galleryNo, personNo, consentPolicy, isSuspended: suspended === 1 };
  }

  function insertPerson(ref: GalleryRef, galleryNo: number, person: NewPerson): Person {
    const { personId, name, userData = null, wrappedKey, createdMs, lastUsedMs = null } = person;
    const inserted = insert.run(galleryNo, personId, name, userData, wrappedKey, createdMs, createdMs, lastUsedMs);
    if (inserted.changes === 0) {
      throw new KithError({
        kind: 'already-exists',
        resource: 'person',
        id: personId,
        galleryKind: ref.kind,
      });
    }
    const personNo = Number(inserted.lastInsertRowid);
    if (person.consent) consents.put(personNo, person.consent);
    return userData === null
      ? { personId, personNo, name, createdMs }
      : { personId, personNo, name, userData, createdMs };
  }

  return {
    createPerson: db.transaction((ref: GalleryRef, person: NewPerson, maxPersons: number) => {
      const gallery = galleries.getHead(ref);
      if (gallery.persons >= maxPersons) throw tooManyPersons(maxPersons);
      const created = insertPerson(ref, gallery.galleryNo, person);
      galleries.addToCounts(gallery.galleryNo, 1, 0);
      return created;
    }).immediate,
    getPerson(ref, personId) {
      const { galleryNo } = galleries.getHead(ref);
      return toPerson(find.get(galleryNo, personId) ?? missing(ref, personId));
    },
    findPersonByName(ref, name) {
      const row = findByName.get(galleries.getHead(ref).galleryNo, name, 1);
      return row && toPerson(row);
    },
    findPersonsByName(ref, name, limit) {
      return findByName.all(galleries.getHead(ref).galleryNo, name, limit).map(toPerson);
    },
    listPersons(ref, page) {
      return list.all(galleries.getHead(ref).galleryNo, page.after ?? '', page.limit).map(toPerson);
    },
    listPersonsByName(ref, wanted) {
      const { name = '', personNo = 0 } = wanted.after ?? {};
      const from = personsFrom(galleries.getHead(ref).galleryNo, wanted);
      return listByName.all({ ...from, name, personNo }).map(toPerson);
    },
    listNewestPersons(ref, wanted) {
      const { personNo = Number.MAX_SAFE_INTEGER } = wanted.after ?? {};
      return listNewest.all({ ...personsFrom(galleries.getHead(ref).galleryNo, wanted), personNo }).map(toPerson);
    },
    countPersonsByName(ref, containing = '') {
      const { galleryNo, persons } = galleries.getHead(ref);
      return containing === '' ? persons : (countByName.get({ galleryNo, pattern: patternOf(containing) }) ?? 0);
    },
    updatePerson: db.transaction(
      (ref: GalleryRef, personId: string, patch: { name?: string; userData?: string }, nowMs: number) => {
        const { personNo } = getPersonNo(ref, personId);
        update.run(patch.name ?? null, patch.userData ?? null, nowMs, personNo);
      },
    ).immediate,
    deletePerson: db.transaction((ref: GalleryRef, personId: string) => {
      const { galleryNo, personNo, isSuspended } = getPersonNo(ref, personId);
      const faces = enrolmentsOf.all(personNo);
      const ids = idsOf.all(personNo);
      for (const id of ids) erasures.record('person', galleryNo, id);
      for (const { enrolmentId } of faces) erasures.record('enrolment', galleryNo, enrolmentId);
      const consentCount = countConsents.get(personNo) ?? 0;
      const reviewPhotoCount = countReviewPhotos.get(personNo) ?? 0;
      let snapshotTemplates = countCopies.get(personNo, personNo) ?? 0;
      remove.run(personNo);
      galleries.addToCounts(galleryNo, -1, isSuspended ? 0 : -faces.length);
      for (const { enrolmentNo } of faces) {
        snapshotTemplates += removeCopies.run(enrolmentNo).changes;
        changes.record('remove', galleryNo, enrolmentNo);
      }
      return {
        persons: 1,
        keys: ids.length,
        templates: faces.length,
        photos: faces.filter(({ hasPhoto }) => hasPhoto === 1).length + reviewPhotoCount,
        consents: consentCount,
        snapshotTemplates,
      };
    }).immediate,
    findGalleriesOfPerson: (tenantId, personId) => findGalleries.all(tenantId, personId),
    getPersonKey(ref, personId) {
      const { galleryNo, personNo } = getPersonNo(ref, personId);
      const { wrappedKey } = findKey.get(personNo) ?? missing(ref, personId);
      const { transformKey } = galleries.getHead(ref);
      return { galleryNo, personNo, wrappedKey, ...(transformKey === null ? {} : { transformKey }) };
    },
    insertPerson,
    getPersonNo,
  };
}
