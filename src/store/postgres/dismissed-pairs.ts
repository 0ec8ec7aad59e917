import { MAX_DISMISSED_PAIRS } from '../../core/limits.ts';
import type { Dismissal, PairOfPersons } from '../../core/storage/dismissed-pairs.ts';
import type { Store } from '../../core/storage/store.ts';
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
import type { Connection } from './connection.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export interface DismissedPairs
  extends Pick<
    Store,
    | 'dismissPair'
    | 'restorePair'
    | 'listDismissedPairs'
    | 'countDismissedPairs'
    | 'dismissedPersonNos'
    | 'listDismissalsOfPerson'
  > {
  /** Inside the transaction that merges them. */
  join(galleryNo: number, merged: Pick<JoinColumns, 'from' | 'into'>): Promise<void>;
  /** Inside the one that undoes it. */
  part(fromPersonNo: number): Promise<void>;
}

export function dismissedPairs(
  db: Connection,
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
  const numbers = db.prepare<[number], { personNo: number; other: number }>(
    'SELECT person_no AS "personNo", other_person_no AS other FROM dismissed_pairs WHERE gallery_no = ?',
  );
  const ofPerson = db.prepare<[number, number], Omit<Dismissal, 'personIds'>>(
    `SELECT key_id AS "keyId", dismissed_ms AS "dismissedMs" FROM dismissed_pairs
     WHERE person_no = ? OR other_person_no = ? ORDER BY pair_no`,
  );
  const joinRows = db.prepare<[JoinColumns]>(JOIN);
  const partRows = db.prepare<[number]>(PART);

  async function numbersOf(ref: GalleryRef, [first, second]: PairOfPersons) {
    const { galleryNo, personNo } = await persons.getPersonNo(ref, first);
    return { galleryNo, pair: inOrder(personNo, (await persons.getPersonNo(ref, second)).personNo) };
  }

  return {
    dismissPair: async (ref: GalleryRef, { personIds, keyId, dismissedMs }: Dismissal, maxPairs: number) => {
      const { galleryNo, pair } = await numbersOf(ref, personIds);
      const pairNo = await find.get(...pair);
      // One that came along with a merge was said of these two now: it outlasts the merge
      if (pairNo !== undefined) await keep.run(pairNo);
      else if (((await countRows.get(galleryNo)) ?? 0) >= maxPairs) throw tooManyPairs(maxPairs);
      else await insert.run(galleryNo, ...pair, keyId, dismissedMs);
    },
    restorePair: async (ref: GalleryRef, personIds: PairOfPersons) => {
      await remove.run(...(await numbersOf(ref, personIds)).pair);
    },
    async listDismissedPairs(ref, { beforePairNo = Number.MAX_SAFE_INTEGER, limit }) {
      const { galleryNo } = await galleries.getHead(ref);
      return (await list.all(galleryNo, beforePairNo, limit)).map(toDismissedPair);
    },
    countDismissedPairs: async (ref) => (await count.get((await galleries.getHead(ref)).galleryNo)) ?? 0,
    async dismissedPersonNos(ref) {
      const rows = await numbers.all((await galleries.getHead(ref)).galleryNo);
      return twoByTwo(rows.map(({ personNo, other }) => [personNo, other]));
    },
    async listDismissalsOfPerson(ref, personId) {
      const { personNo } = await persons.getPersonNo(ref, personId);
      return ofPerson.all(personNo, personNo);
    },
    async join(galleryNo, merged) {
      const room = Math.max(0, MAX_DISMISSED_PAIRS - ((await countRows.get(galleryNo)) ?? 0));
      await joinRows.run({ ...merged, room });
    },
    async part(fromPersonNo) {
      await partRows.run(fromPersonNo);
    },
  };
}
