import { KithError } from '../../core/errors.ts';
import type { MergeToUndo, MoveEnrolments, NewMerge, SealedUnder } from '../../core/storage/merges.ts';
import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef } from '../../core/types.ts';
import { changedMeanwhile, MERGES, type MergeRow, type Move, toMerge, transformKeyOf } from '../rows/merges.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { DismissedPairs } from './dismissed-pairs.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export type Merges = Pick<
  Store,
  'moveEnrolments' | 'mergePersons' | 'getMerge' | 'listMerges' | 'undoMerge' | 'sweepMerges'
>;

/** A person merged into another stays as a row that nothing finds, with its key: undoing it is to show it again. */
export function merges(
  db: Connection,
  parts: {
    readonly galleries: Galleries;
    readonly persons: Persons;
    readonly changes: Changes;
    readonly consents: ConsentRows;
    readonly dismissedPairs: DismissedPairs;
  },
): Merges {
  const { galleries, persons, changes, consents, dismissedPairs } = parts;
  const keyOf = db.prepare<[number], Uint8Array>('SELECT wrapped_key FROM persons WHERE person_no = ?').pluck();
  const countOf = db.prepare<[number], number>('SELECT count(*) FROM enrolments WHERE person_no = ?').pluck();
  const move = db.prepare<[{ toPersonNo: number; enrolmentNo: number; fromPersonNo: number }]>(
    `UPDATE enrolments e SET person_no = @toPersonNo WHERE enrolment_no = @enrolmentNo AND person_no = @fromPersonNo
       AND NOT EXISTS (
         SELECT FROM enrolments t WHERE t.person_no = @toPersonNo AND t.enrolment_id = e.enrolment_id)`,
  );
  const sealTemplate = db.prepare<[Uint8Array, number]>('UPDATE templates SET sealed = ? WHERE enrolment_no = ?');
  const sealPhoto = db.prepare<[Uint8Array, number]>('UPDATE enrolment_photos SET sealed = ? WHERE enrolment_no = ?');
  const unstage = db.prepare<[number]>('DELETE FROM staged_templates WHERE enrolment_no = ?');
  const erasePhoto = db.prepare<[number]>('DELETE FROM enrolment_photos WHERE enrolment_no = ?');
  const suspendedOf = db.prepare<[number], number>('SELECT suspended FROM persons WHERE person_no = ?').pluck();
  const hide = db.prepare<[number | null, number]>('UPDATE persons SET merged_into = ? WHERE person_no = ?');
  const insert = db.prepare<[string, number, number, number, string, string, number]>(
    `INSERT INTO merges (merge_id, gallery_no, from_person_no, into_person_no, enrolment_nos, joined_rosters, merged_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const find = db.prepare<[number, string], MergeRow>(`${MERGES} WHERE m.gallery_no = ? AND m.merge_id = ?`);
  const list = db.prepare<[number], MergeRow>(`${MERGES} WHERE m.into_person_no = ? ORDER BY m.merged_ms DESC`);
  const remove = db.prepare<[string]>('DELETE FROM merges WHERE merge_id = ?');
  const sweep = db.prepare<[number]>(
    'DELETE FROM persons WHERE person_no IN (SELECT from_person_no FROM merges WHERE merged_ms < ?)',
  );
  const stillThere = db.prepare<[readonly number[], number], { enrolmentNo: number; enrolmentId: string }>(
    `SELECT enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId"
     FROM enrolments JOIN unnest(?::bigint[]) WITH ORDINALITY AS moved (enrolment_no, place) USING (enrolment_no)
     WHERE person_no = ? ORDER BY place`,
  );
  const rostersToJoin = db
    .prepare<[number, number], number>(
      `SELECT roster_no FROM roster_persons WHERE person_no = ?
       EXCEPT SELECT roster_no FROM roster_persons WHERE person_no = ?`,
    )
    .pluck();
  const join = db.prepare<[number, number]>('INSERT INTO roster_persons (roster_no, person_no) VALUES (?, ?)');
  const leave = db.prepare<[number, number]>('DELETE FROM roster_persons WHERE roster_no = ? AND person_no = ?');

  async function requireKey(personNo: number, expected: Uint8Array): Promise<void> {
    const key = await keyOf.get(personNo);
    if (!key || Buffer.compare(key, expected) !== 0) throw changedMeanwhile();
  }

  async function moveAll({ galleryNo, fromPersonNo, toPersonNo, enrolments }: Move): Promise<void> {
    for (const { enrolmentNo, sealedTemplate, sealedPhoto } of enrolments) {
      if ((await move.run({ toPersonNo, enrolmentNo, fromPersonNo })).changes === 0) throw changedMeanwhile();
      await sealTemplate.run(sealedTemplate, enrolmentNo);
      // Sealed under the key of who had it; an upgrade of the model reads it again
      await unstage.run(enrolmentNo);
      if (sealedPhoto) await sealPhoto.run(sealedPhoto, enrolmentNo);
      else await erasePhoto.run(enrolmentNo);
      // The index knows a template by its number and holds its person beside it
      await changes.record('remove', galleryNo, enrolmentNo);
      await changes.record('add', galleryNo, enrolmentNo);
    }
  }

  /** By undoing a merge faces come to somebody who was suspended meanwhile, or leave them. */
  async function recount({ galleryNo, fromPersonNo, toPersonNo, enrolments }: Move): Promise<void> {
    const suspended = async (personNo: number) => (await suspendedOf.get(personNo)) ?? 0;
    const gained = (await suspended(fromPersonNo)) - (await suspended(toPersonNo));
    if (gained !== 0) await galleries.addToCounts(galleryNo, 0, gained * enrolments.length);
  }

  async function begin(
    ref: GalleryRef,
    { fromPersonId, toPersonId, fromKey, toKey, transformKey, enrolments, maxEnrolments }: MoveEnrolments,
  ) {
    const { galleryNo, personNo: fromPersonNo } = await persons.getPersonNo(ref, fromPersonId);
    const { personNo: toPersonNo, consentPolicy } = await persons.getPersonNo(ref, toPersonId);
    // Nobody's faces come back into searches by being called somebody else's
    await consents.require({ personNo: fromPersonNo, consentPolicy });
    await consents.require({ personNo: toPersonNo, consentPolicy });
    await requireKey(fromPersonNo, fromKey);
    await requireKey(toPersonNo, toKey);
    await galleries.requireTransformKey(galleryNo, transformKey);
    if (((await countOf.get(toPersonNo)) ?? 0) + enrolments.length > maxEnrolments) {
      throw new KithError({
        kind: 'limit-exceeded',
        limit: 'enrolments',
        max: maxEnrolments,
        message: `A person has at most ${maxEnrolments} enrolments, and together they would have more.`,
      });
    }
    return { galleryNo, fromPersonNo, toPersonNo, enrolments };
  }

  async function getRow(ref: GalleryRef, mergeId: string): Promise<MergeRow & { readonly galleryNo: number }> {
    const { galleryNo } = await galleries.getHead(ref);
    const row = await find.get(galleryNo, mergeId);
    if (!row) throw new KithError({ kind: 'not-found', resource: 'merge', id: mergeId, galleryKind: ref.kind });
    if (row.intoMergedInto === null) return { ...row, galleryNo };
    throw new KithError({
      kind: 'conflict',
      resource: 'merge',
      message: 'Who was left by this merge has been merged with somebody else since; undo that first.',
    });
  }

  return {
    moveEnrolments: async (ref: GalleryRef, wanted: MoveEnrolments) => {
      await moveAll(await begin(ref, wanted));
    },
    mergePersons: async (ref: GalleryRef, merge: NewMerge) => {
      const wanted = await begin(ref, merge);
      const { galleryNo, fromPersonNo, toPersonNo, enrolments } = wanted;
      await moveAll(wanted);
      if (((await countOf.get(fromPersonNo)) ?? 0) > 0) throw changedMeanwhile();
      const joined = await rostersToJoin.all(fromPersonNo, toPersonNo);
      for (const rosterNo of joined) await join.run(rosterNo, toPersonNo);
      await dismissedPairs.join(galleryNo, { from: fromPersonNo, into: toPersonNo });
      await hide.run(toPersonNo, fromPersonNo);
      const numbers = JSON.stringify(enrolments.map(({ enrolmentNo }) => enrolmentNo));
      await insert.run(
        merge.mergeId,
        galleryNo,
        fromPersonNo,
        toPersonNo,
        numbers,
        JSON.stringify(joined),
        merge.mergedMs,
      );
      await galleries.addToCounts(galleryNo, -1, 0);
    },
    async getMerge(ref, mergeId): Promise<MergeToUndo> {
      const row = await getRow(ref, mergeId);
      const numbers = JSON.parse(row.enrolmentNos) as number[];
      return {
        ...toMerge(row),
        fromKey: row.fromKey,
        toKey: row.toKey,
        ...transformKeyOf(await galleries.getHead(ref)),
        enrolments: await stillThere.all(numbers, row.intoPersonNo),
      };
    },
    async listMerges(ref, intoPersonId) {
      return (await list.all((await persons.getPersonNo(ref, intoPersonId)).personNo)).map(toMerge);
    },
    undoMerge: async (ref: GalleryRef, mergeId: string, undo: SealedUnder & Pick<MoveEnrolments, 'enrolments'>) => {
      const { galleryNo, fromPersonNo, intoPersonNo, joinedRosters } = await getRow(ref, mergeId);
      await requireKey(intoPersonNo, undo.fromKey);
      await requireKey(fromPersonNo, undo.toKey);
      await galleries.requireTransformKey(galleryNo, undo.transformKey);
      const move = {
        ...{ galleryNo, fromPersonNo: intoPersonNo, toPersonNo: fromPersonNo },
        enrolments: undo.enrolments,
      };
      await moveAll(move);
      await recount(move);
      for (const rosterNo of JSON.parse(joinedRosters) as number[]) await leave.run(rosterNo, intoPersonNo);
      await dismissedPairs.part(fromPersonNo);
      await hide.run(null, fromPersonNo);
      await remove.run(mergeId);
      await galleries.addToCounts(galleryNo, 1, 0);
    },
    sweepMerges: async (beforeMs) => (await sweep.run(beforeMs)).changes,
  };
}
