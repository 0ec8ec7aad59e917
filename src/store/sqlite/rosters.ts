import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { NewRoster, RosterPatch } from '../../core/storage/rosters.ts';
import type { RosterRef } from '../../core/types.ts';
import { COLUMNS, type NewRosterRow, type RosterRow, toRoster } from '../rows/rosters.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

export type Rosters = Pick<
  SyncStore,
  | 'createRoster'
  | 'getRoster'
  | 'listRosters'
  | 'updateRoster'
  | 'deleteRoster'
  | 'listRosterPersons'
  | 'listRostersOfPerson'
  | 'rosterPersonNos'
  | 'personNosOf'
>;

export function rosters(db: Database, galleries: Galleries, persons: Persons): Rosters {
  const insert = db.prepare<[NewRosterRow], RosterRow>(
    `INSERT INTO rosters (gallery_no, roster_id, name, user_data, created_ms, modified_ms)
     VALUES (@galleryNo, @rosterId, @name, @userData, @createdMs, @createdMs)
     ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
  );
  const find = db.prepare<[number, string], RosterRow>(
    `SELECT ${COLUMNS} FROM rosters WHERE gallery_no = ? AND roster_id = ?`,
  );
  const list = db.prepare<[number, string, number], RosterRow>(
    `SELECT ${COLUMNS} FROM rosters WHERE gallery_no = ? AND roster_id > ? ORDER BY roster_id LIMIT ?`,
  );
  const update = db.prepare<[string | null, string | null, number, number]>(
    `UPDATE rosters SET name = coalesce(?, name), user_data = coalesce(?, user_data), modified_ms = ?
     WHERE roster_no = ?`,
  );
  const remove = db.prepare<[number]>('DELETE FROM rosters WHERE roster_no = ?');
  const addPerson = db.prepare<[number, number]>('INSERT OR IGNORE INTO roster_persons VALUES (?, ?)');
  const removePerson = db.prepare<[number, number, string]>(
    `DELETE FROM roster_persons WHERE roster_no = ? AND person_no IN (
       SELECT person_no FROM persons WHERE gallery_no = ? AND person_id = ?
     )`,
  );
  const personIds = db
    .prepare<[number, string, number], string>(
      `SELECT p.person_id FROM roster_persons r CROSS JOIN persons p ON p.person_no = r.person_no
       WHERE r.roster_no = ? AND p.person_id > ? AND p.merged_into IS NULL ORDER BY p.person_id LIMIT ?`,
    )
    .pluck();
  const rosterIds = db
    .prepare<[number, string, number], string>(
      `SELECT s.roster_id FROM roster_persons r CROSS JOIN rosters s ON s.roster_no = r.roster_no
       WHERE r.person_no = ? AND s.roster_id > ? ORDER BY s.roster_id LIMIT ?`,
    )
    .pluck();
  const counterparts = db
    .prepare<[number, number], number>(
      `SELECT q.person_no FROM roster_persons r
       CROSS JOIN persons p ON p.person_no = r.person_no
       CROSS JOIN persons q ON q.gallery_no = ? AND q.person_id = p.person_id AND q.merged_into IS NULL
       WHERE r.roster_no = ?`,
    )
    .pluck();
  const findNo = db
    .prepare<[number, string], number>(
      'SELECT person_no FROM persons WHERE gallery_no = ? AND person_id = ? AND merged_into IS NULL',
    )
    .pluck();

  function getRow({ gallery, rosterId }: RosterRef): RosterRow & { readonly galleryNo: number } {
    const { galleryNo } = galleries.getHead(gallery);
    const row = find.get(galleryNo, rosterId);
    if (row) return { ...row, galleryNo };
    throw new KithError({ kind: 'not-found', resource: 'roster', id: rosterId });
  }
  function addPersons(ref: RosterRef, rosterNo: number, added: readonly string[]): void {
    for (const personId of added) addPerson.run(rosterNo, persons.getPersonNo(ref.gallery, personId).personNo);
  }

  return {
    createRoster: db.transaction((ref: RosterRef, roster: NewRoster, added: readonly string[]) => {
      const row = insert.get({
        galleryNo: galleries.getHead(ref.gallery).galleryNo,
        rosterId: ref.rosterId,
        name: roster.name,
        userData: roster.userData ?? null,
        createdMs: roster.createdMs,
      });
      if (!row) throw new KithError({ kind: 'already-exists', resource: 'roster', id: ref.rosterId });
      addPersons(ref, row.rosterNo, added);
      return toRoster(row);
    }).immediate,
    getRoster(ref) {
      return toRoster(getRow(ref));
    },
    listRosters(gallery, page) {
      return list.all(galleries.getHead(gallery).galleryNo, page.after ?? '', page.limit).map(toRoster);
    },
    updateRoster: db.transaction((ref: RosterRef, patch: RosterPatch, nowMs: number) => {
      const { rosterNo, galleryNo } = getRow(ref);
      update.run(patch.name ?? null, patch.userData ?? null, nowMs, rosterNo);
      addPersons(ref, rosterNo, patch.addPersonIds ?? []);
      for (const personId of patch.removePersonIds ?? []) removePerson.run(rosterNo, galleryNo, personId);
    }).immediate,
    deleteRoster: db.transaction((ref: RosterRef) => {
      remove.run(getRow(ref).rosterNo);
    }).immediate,
    listRosterPersons(ref, page) {
      return personIds.all(getRow(ref).rosterNo, page.after ?? '', page.limit);
    },
    listRostersOfPerson(gallery, personId, page) {
      return rosterIds.all(persons.getPersonNo(gallery, personId).personNo, page.after ?? '', page.limit);
    },
    rosterPersonNos(ref, inGallery) {
      return Uint32Array.from(counterparts.all(galleries.getHead(inGallery).galleryNo, getRow(ref).rosterNo));
    },
    personNosOf(gallery, ids) {
      const { galleryNo } = galleries.getHead(gallery);
      return Uint32Array.from(ids.flatMap((personId) => findNo.get(galleryNo, personId) ?? []));
    },
  };
}
