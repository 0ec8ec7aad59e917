import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { MergeToUndo, MoveEnrolments, NewMerge, SealedUnder } from '../../core/storage/merges.ts';
import type { GalleryRef } from '../../core/types.ts';
import { changedMeanwhile, MERGES, type MergeRow, type Move, toMerge, transformKeyOf } from '../rows/merges.ts';
import type { Changes } from './changes.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { DismissedPairs } from './dismissed-pairs.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

export type Merges = Pick<
  SyncStore,
  'moveEnrolments' | 'mergePersons' | 'getMerge' | 'listMerges' | 'undoMerge' | 'sweepMerges'
>;

/** A person merged into another stays as a row that nothing finds, with its key: undoing it is to show it again. */
export function merges(
  db: Database,
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
  const move = db.prepare<[number, number, number]>(
    'UPDATE OR IGNORE enrolments SET person_no = ? WHERE enrolment_no = ? AND person_no = ?',
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
  const stillThere = db.prepare<[number, number], { enrolmentNo: number; enrolmentId: string }>(
    `SELECT enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId" FROM enrolments
     WHERE enrolment_no = ? AND person_no = ?`,
  );
  const rostersToJoin = db
    .prepare<[number, number], number>(
      `SELECT roster_no FROM roster_persons WHERE person_no = ?
       EXCEPT SELECT roster_no FROM roster_persons WHERE person_no = ?`,
    )
    .pluck();
  const join = db.prepare<[number, number]>('INSERT INTO roster_persons (roster_no, person_no) VALUES (?, ?)');
  const leave = db.prepare<[number, number]>('DELETE FROM roster_persons WHERE roster_no = ? AND person_no = ?');

  function requireKey(personNo: number, expected: Uint8Array): void {
    const key = keyOf.get(personNo);
    if (!key || Buffer.compare(key, expected) !== 0) throw changedMeanwhile();
  }

  function moveAll({ galleryNo, fromPersonNo, toPersonNo, enrolments }: Move): void {
    for (const { enrolmentNo, sealedTemplate, sealedPhoto } of enrolments) {
      if (move.run(toPersonNo, enrolmentNo, fromPersonNo).changes === 0) throw changedMeanwhile();
      sealTemplate.run(sealedTemplate, enrolmentNo);
      // Sealed under the key of who had it; an upgrade of the model reads it again
      unstage.run(enrolmentNo);
      if (sealedPhoto) sealPhoto.run(sealedPhoto, enrolmentNo);
      else erasePhoto.run(enrolmentNo);
      // The index knows a template by its number and holds its person beside it
      changes.record('remove', galleryNo, enrolmentNo);
      changes.record('add', galleryNo, enrolmentNo);
    }
  }

  /** By undoing a merge faces come to somebody who was suspended meanwhile, or leave them. */
  function recount({ galleryNo, fromPersonNo, toPersonNo, enrolments }: Move): void {
    const suspended = (personNo: number) => suspendedOf.get(personNo) ?? 0;
    const gained = suspended(fromPersonNo) - suspended(toPersonNo);
    if (gained !== 0) galleries.addToCounts(galleryNo, 0, gained * enrolments.length);
  }

  function begin(
    ref: GalleryRef,
    { fromPersonId, toPersonId, fromKey, toKey, transformKey, enrolments, maxEnrolments }: MoveEnrolments,
  ) {
    const { galleryNo, personNo: fromPersonNo } = persons.getPersonNo(ref, fromPersonId);
    const { personNo: toPersonNo, consentPolicy } = persons.getPersonNo(ref, toPersonId);
    // Nobody's faces come back into searches by being called somebody else's
    consents.require({ personNo: fromPersonNo, consentPolicy });
    consents.require({ personNo: toPersonNo, consentPolicy });
    requireKey(fromPersonNo, fromKey);
    requireKey(toPersonNo, toKey);
    galleries.requireTransformKey(galleryNo, transformKey);
    if ((countOf.get(toPersonNo) ?? 0) + enrolments.length > maxEnrolments) {
      throw new KithError({
        kind: 'limit-exceeded',
        limit: 'enrolments',
        max: maxEnrolments,
        message: `A person has at most ${maxEnrolments} enrolments, and together they would have more.`,
      });
    }
    return { galleryNo, fromPersonNo, toPersonNo, enrolments };
  }

  function getRow(ref: GalleryRef, mergeId: string): MergeRow & { readonly galleryNo: number } {
    const { galleryNo } = galleries.getHead(ref);
    const row = find.get(galleryNo, mergeId);
    if (!row) throw new KithError({ kind: 'not-found', resource: 'merge', id: mergeId, galleryKind: ref.kind });
    if (row.intoMergedInto === null) return { ...row, galleryNo };
    throw new KithError({
      kind: 'conflict',
      resource: 'merge',
      message: 'Who was left by this merge has been merged with somebody else since; undo that first.',
    });
  }

  return {
    moveEnrolments: db.transaction((ref: GalleryRef, wanted: MoveEnrolments) => {
      moveAll(begin(ref, wanted));
    }).immediate,
    mergePersons: db.transaction((ref: GalleryRef, merge: NewMerge) => {
      const wanted = begin(ref, merge);
      const { galleryNo, fromPersonNo, toPersonNo, enrolments } = wanted;
      moveAll(wanted);
      if ((countOf.get(fromPersonNo) ?? 0) > 0) throw changedMeanwhile();
      const joined = rostersToJoin.all(fromPersonNo, toPersonNo);
      for (const rosterNo of joined) join.run(rosterNo, toPersonNo);
      dismissedPairs.join(galleryNo, { from: fromPersonNo, into: toPersonNo });
      hide.run(toPersonNo, fromPersonNo);
      const numbers = JSON.stringify(enrolments.map(({ enrolmentNo }) => enrolmentNo));
      insert.run(merge.mergeId, galleryNo, fromPersonNo, toPersonNo, numbers, JSON.stringify(joined), merge.mergedMs);
      galleries.addToCounts(galleryNo, -1, 0);
    }).immediate,
    getMerge(ref, mergeId): MergeToUndo {
      const row = getRow(ref, mergeId);
      const numbers = JSON.parse(row.enrolmentNos) as number[];
      return {
        ...toMerge(row),
        fromKey: row.fromKey,
        toKey: row.toKey,
        ...transformKeyOf(galleries.getHead(ref)),
        enrolments: numbers.flatMap((enrolmentNo) => stillThere.get(enrolmentNo, row.intoPersonNo) ?? []),
      };
    },
    listMerges(ref, intoPersonId) {
      return list.all(persons.getPersonNo(ref, intoPersonId).personNo).map(toMerge);
    },
    undoMerge: db.transaction(
      (ref: GalleryRef, mergeId: string, undo: SealedUnder & Pick<MoveEnrolments, 'enrolments'>) => {
        const { galleryNo, fromPersonNo, intoPersonNo, joinedRosters } = getRow(ref, mergeId);
        requireKey(intoPersonNo, undo.fromKey);
        requireKey(fromPersonNo, undo.toKey);
        galleries.requireTransformKey(galleryNo, undo.transformKey);
        const move = {
          ...{ galleryNo, fromPersonNo: intoPersonNo, toPersonNo: fromPersonNo },
          enrolments: undo.enrolments,
        };
        moveAll(move);
        recount(move);
        for (const rosterNo of JSON.parse(joinedRosters) as number[]) leave.run(rosterNo, intoPersonNo);
        dismissedPairs.part(fromPersonNo);
        hide.run(null, fromPersonNo);
        remove.run(mergeId);
        galleries.addToCounts(galleryNo, 1, 0);
      },
    ).immediate,
    sweepMerges: (beforeMs) => sweep.run(beforeMs).changes,
  };
}
