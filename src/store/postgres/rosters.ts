import { KithError } from '../../core/errors.ts';
import type { NewRoster, RosterPatch } from '../../core/storage/rosters.ts';
import type { Store } from '../../core/storage/store.ts';
import type { RosterRef } from '../../core/types.ts';
import { COLUMNS, type NewRosterRow, type RosterRow, toRoster } from '../rows/rosters.ts';
import type { Connection } from './connection.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export type Rosters = Pick<
  Store,
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

export function rosters(db: Connection, galleries: Galleries, persons: Persons): Rosters {
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
  const addPerson = db.prepare<[number, number]>('INSERT INTO roster_persons VALUES (?, ?) ON CONFLICT DO NOTHING');
  const removePerson = db.prepare<[number, number, string]>(
    `DELETE FROM roster_persons WHERE roster_no = ? AND person_no IN (
       SELECT person_no FROM persons WHERE gallery_no = ? AND person_id = ?
     )`,
  );
  const personIds = db
    .prepare<[number, string, number], string>(
      `SELECT p.person_id FROM roster_persons r JOIN persons p ON p.person_no = r.person_no
       WHERE r.roster_no = ? AND p.person_id > ? AND p.merged_into IS NULL ORDER BY p.person_id LIMIT ?`,
    )
    .pluck();
  const rosterIds = db
    .prepare<[number, string, number], string>(
      `SELECT s.roster_id FROM roster_persons r JOIN rosters s ON s.roster_no = r.roster_no
       WHERE r.person_no = ? AND s.roster_id > ? ORDER BY s.roster_id LIMIT ?`,
    )
    .pluck();
  const counterparts = db
    .prepare<[number, number], number>(
      `SELECT q.person_no FROM roster_persons r
       JOIN persons p ON p.person_no = r.person_no
       JOIN persons q ON q.gallery_no = ? AND q.person_id = p.person_id AND q.merged_into IS NULL
       WHERE r.roster_no = ?`,
    )
    .pluck();
  const findNos = db
    .prepare<[readonly string[], number], number>(
      `SELECT person_no FROM persons JOIN unnest(?::text[]) WITH ORDINALITY AS asked (id, place) ON person_id = id
       WHERE gallery_no = ? AND merged_into IS NULL ORDER BY place`,
    )
    .pluck();

  async function getRow({ gallery, rosterId }: RosterRef): Promise<RosterRow & { readonly galleryNo: number }> {
    const { galleryNo } = await galleries.getHead(gallery);
    const row = await find.get(galleryNo, rosterId);
    if (row) return { ...row, galleryNo };
    throw new KithError({ kind: 'not-found', resource: 'roster', id: rosterId });
  }
  async function addPersons(ref: RosterRef, rosterNo: number, added: readonly string[]): Promise<void> {
    for (const personId of added)
      await addPerson.run(rosterNo, (await persons.getPersonNo(ref.gallery, personId)).personNo);
  }

  return {
    createRoster: async (ref: RosterRef, roster: NewRoster, added: readonly string[]) => {
      const row = await insert.get({
        galleryNo: (await galleries.getHead(ref.gallery)).galleryNo,
        rosterId: ref.rosterId,
        name: roster.name,
        userData: roster.userData ?? null,
        createdMs: roster.createdMs,
      });
      if (!row) throw new KithError({ kind: 'already-exists', resource: 'roster', id: ref.rosterId });
      await addPersons(ref, row.rosterNo, added);
      return toRoster(row);
    },
    async getRoster(ref) {
      return toRoster(await getRow(ref));
    },
    async listRosters(gallery, page) {
      return (await list.all((await galleries.getHead(gallery)).galleryNo, page.after ?? '', page.limit)).map(toRoster);
    },
    updateRoster: async (ref: RosterRef, patch: RosterPatch, nowMs: number) => {
      const { rosterNo, galleryNo } = await getRow(ref);
      await update.run(patch.name ?? null, patch.userData ?? null, nowMs, rosterNo);
      await addPersons(ref, rosterNo, patch.addPersonIds ?? []);
      for (const personId of patch.removePersonIds ?? []) await removePerson.run(rosterNo, galleryNo, personId);
    },
    deleteRoster: async (ref: RosterRef) => {
      await remove.run((await getRow(ref)).rosterNo);
    },
    async listRosterPersons(ref, page) {
      return await personIds.all((await getRow(ref)).rosterNo, page.after ?? '', page.limit);
    },
    async listRostersOfPerson(gallery, personId, page) {
      return await rosterIds.all((await persons.getPersonNo(gallery, personId)).personNo, page.after ?? '', page.limit);
    },
    async rosterPersonNos(ref, inGallery) {
      return Uint32Array.from(
        await counterparts.all((await galleries.getHead(inGallery)).galleryNo, (await getRow(ref)).rosterNo),
      );
    },
    async personNosOf(gallery, ids) {
      const { galleryNo } = await galleries.getHead(gallery);
      return Uint32Array.from(await findNos.all(ids, galleryNo));
    },
  };
}
