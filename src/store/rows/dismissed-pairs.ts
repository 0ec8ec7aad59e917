import { KithError } from '../../core/errors.ts';
import type { DismissedPair, DismissedPerson } from '../../core/storage/dismissed-pairs.ts';

export interface DismissedPairRow extends Omit<DismissedPair, 'persons'> {
  readonly personId: string;
  readonly personName: string;
  readonly enrolmentId: string | null;
  readonly otherId: string;
  readonly otherName: string;
  readonly otherEnrolmentId: string | null;
}

const BOTH = `JOIN persons a ON a.person_no = d.person_no AND a.merged_into IS NULL AND a.suspended = 0
  JOIN persons b ON b.person_no = d.other_person_no AND b.merged_into IS NULL AND b.suspended = 0`;
const firstFaceOf = (person: 'a' | 'b') =>
  `(SELECT e.enrolment_id FROM enrolments e WHERE e.person_no = ${person}.person_no ORDER BY e.enrolment_no LIMIT 1)`;

/** Of whom a search can still name. */
export const LIST = `SELECT d.pair_no AS "pairNo", a.person_id AS "personId", a.name AS "personName",
    ${firstFaceOf('a')} AS "enrolmentId", b.person_id AS "otherId", b.name AS "otherName",
    ${firstFaceOf('b')} AS "otherEnrolmentId", d.key_id AS "keyId", d.dismissed_ms AS "dismissedMs"
  FROM dismissed_pairs d ${BOTH}
  WHERE d.gallery_no = ? AND d.pair_no < ? ORDER BY d.pair_no DESC LIMIT ?`;
export const COUNT = `SELECT count(*) FROM dismissed_pairs d ${BOTH} WHERE d.gallery_no = ?`;
/** What counts towards the limit: all rows. */
export const COUNT_ROWS = 'SELECT count(*) FROM dismissed_pairs WHERE gallery_no = ?';

/**
 * What was said of the person that is merged is true of the one that is left, who has their faces from now on: asked
 * again of those, somebody would have to say it twice. Copies, so that undoing the merge takes back no more than it brought;
 * once it can't be undone, they are as if said of the one that is left.
 */
export const JOIN = `INSERT INTO dismissed_pairs
    (gallery_no, person_no, other_person_no, came_with, key_id, dismissed_ms)
  SELECT gallery_no, CASE WHEN other < @into THEN other ELSE @into END, CASE WHEN other < @into THEN @into ELSE other END,
    @from, key_id, dismissed_ms
  FROM (
    SELECT d.*, CASE WHEN d.person_no = @from THEN d.other_person_no ELSE d.person_no END AS other
    FROM dismissed_pairs d WHERE d.person_no = @from OR d.other_person_no = @from
  ) AS said
  WHERE other <> @into ORDER BY pair_no LIMIT @room
  ON CONFLICT DO NOTHING`;
export const PART = 'DELETE FROM dismissed_pairs WHERE came_with = ?';

export interface JoinColumns {
  readonly from: number;
  readonly into: number;
  /** Pairs that the gallery may still take. */
  readonly room: number;
}

export function toDismissedPair(row: DismissedPairRow): DismissedPair {
  const { pairNo, personId, personName, enrolmentId, otherId, otherName, otherEnrolmentId, keyId, dismissedMs } = row;
  const persons = [
    personOf(personId, personName, enrolmentId),
    personOf(otherId, otherName, otherEnrolmentId),
  ] as const;
  return { pairNo, persons, keyId, dismissedMs };
}

function personOf(personId: string, personName: string, enrolmentId: string | null): DismissedPerson {
  return { personId, personName, ...(enrolmentId === null ? {} : { enrolmentId }) };
}

/** As they are kept: the lower number first. */
export function inOrder(personNo: number, other: number): readonly [number, number] {
  return personNo < other ? [personNo, other] : [other, personNo];
}

/** One after the other: there may be a hundred thousand of them. */
export function twoByTwo(pairs: readonly (readonly [number, number])[]): Uint32Array {
  const numbers = new Uint32Array(2 * pairs.length);
  for (let i = 0; i < pairs.length; i++) numbers.set(pairs[i] as readonly [number, number], 2 * i);
  return numbers;
}

export function tooManyPairs(max: number): KithError {
  return new KithError({
    kind: 'limit-exceeded',
    limit: 'dismissed-pairs',
    max,
    message: `A gallery keeps at most ${max} pairs that were said to be two people; take some back first.`,
  });
}
