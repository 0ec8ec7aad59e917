import type { Database } from 'better-sqlite3';
import { MAX_DISMISSED_PAIRS } from '../../core/limits.ts';
import type { Dismissal, PairOfPersons } from '../../core/storage/dismissed-pairs.ts';
import type { GalleryRef } from '../../core/types.ts';
import {
  COUNT,
  COUNT_ROWS,
  type DismissedPairRow,
  inOrder,
  JOIN,
  type JoinColumns,
  LIST,
  PART,
  toDismissedPair,
  tooManyPairs,
  twoByTwo,
} from '../rows/dismissed-pairs.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

export interface DismissedPairs
  extends Pick<
    SyncStore,
    | 'dismissPair'
    | 'restorePair'
    | 'listDismissedPairs'
    | 'countDismissedPairs'
    | 'dismissedPersonNos'
    | 'listDismissalsOfPerson'
  > {
  /** Inside the transaction that merges them. */
  join(galleryNo: number, merged: Pick<JoinColumns, 'from' | 'into'>): void;
  /** Inside the one that undoes it. */
  part(fromPersonNo: number): void;
}

export function dismissedPairs(
  db: Database,
  { galleries, persons }: { readonly galleries: Galleries; readonly persons: Persons },
): DismissedPairs {
  const find = db
    .prepare<[number, number], number>(
      'SELECT pair_no FROM dismissed_pairs WHERE person_no = ? AND other_person_no = ?',
    )
    .pluck();
  const insert = db.prepare<[number, number, number, string, number]>(
    `INSERT INTO dismissed_pairs (gallery_no, person_no, other_person_no, key_id, dismissed_ms) VALUES (?, ?, ?, ?, ?)`,
  );
  const keep = db.prepare<[number]>('UPDATE dismissed_pairs SET came_with = NULL WHERE pair_no = ?');
  const remove = db.prepare<[number, number]>(
    'DELETE FROM dismissed_pairs WHERE person_no = ? AND other_person_no = ?',
  );
  const list = db.prepare<[number, number, number], DismissedPairRow>(LIST);
  const count = db.prepare<[number], number>(COUNT).pluck();
  const countRows = db.prepare<[number], number>(COUNT_ROWS).pluck();
  const numbers = db
    .prepare<[number], [number, number]>('SELECT person_no, other_person_no FROM dismissed_pairs WHERE gallery_no = ?')
    .raw();
  const ofPerson = db.prepare<[number, number], Omit<Dismissal, 'personIds'>>(
    `SELECT key_id AS "keyId", dismissed_ms AS "dismissedMs" FROM dismissed_pairs
     WHERE person_no = ? OR other_person_no = ? ORDER BY pair_no`,
  );
  const joinRows = db.prepare<[JoinColumns]>(JOIN);
  const partRows = db.prepare<[number]>(PART);

  function numbersOf(ref: GalleryRef, [first, second]: PairOfPersons) {
    const { galleryNo, personNo } = persons.getPersonNo(ref, first);
    return { galleryNo, pair: inOrder(personNo, persons.getPersonNo(ref, second).personNo) };
  }

  return {
    dismissPair: db.transaction((ref: GalleryRef, { personIds, keyId, dismissedMs }: Dismissal, maxPairs: number) => {
      const { galleryNo, pair } = numbersOf(ref, personIds);
      const pairNo = find.get(...pair);
      // One that came along with a merge was said of these two now: it outlasts the merge
      if (pairNo !== undefined) keep.run(pairNo);
      else if ((countRows.get(galleryNo) ?? 0) >= maxPairs) throw tooManyPairs(maxPairs);
      else insert.run(galleryNo, ...pair, keyId, dismissedMs);
    }).immediate,
    restorePair: db.transaction((ref: GalleryRef, personIds: PairOfPersons) => {
      remove.run(...numbersOf(ref, personIds).pair);
    }).immediate,
    listDismissedPairs: (ref, { beforePairNo = Number.MAX_SAFE_INTEGER, limit }) =>
      list.all(galleries.getHead(ref).galleryNo, beforePairNo, limit).map(toDismissedPair),
    countDismissedPairs: (ref) => count.get(galleries.getHead(ref).galleryNo) ?? 0,
    dismissedPersonNos: (ref) => twoByTwo(numbers.all(galleries.getHead(ref).galleryNo)),
    listDismissalsOfPerson(ref, personId) {
      const { personNo } = persons.getPersonNo(ref, personId);
      return ofPerson.all(personNo, personNo);
    },
    join(galleryNo, merged) {
      joinRows.run({ ...merged, room: Math.max(0, MAX_DISMISSED_PAIRS - (countRows.get(galleryNo) ?? 0)) });
    },
    part(fromPersonNo) {
      partRows.run(fromPersonNo);
    },
  };
}
