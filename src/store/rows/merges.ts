import { KithError } from '../../core/errors.ts';
import type { Merge, MoveEnrolments } from '../../core/storage/merges.ts';

export interface MergeRow extends Merge {
  readonly fromPersonNo: number;
  readonly intoPersonNo: number;
  /** Set when the one who was left has been merged with another. */
  readonly intoMergedInto: number | null;
  readonly fromKey: Uint8Array;
  readonly toKey: Uint8Array;
  /** JSON arrays of numbers. */
  readonly enrolmentNos: string;
  readonly joinedRosters: string;
}

export interface Move {
  readonly galleryNo: number;
  readonly fromPersonNo: number;
  readonly toPersonNo: number;
  readonly enrolments: MoveEnrolments['enrolments'];
}

export const COLUMNS = `m.merge_id AS "mergeId", i.person_id AS "intoPersonId", f.person_id AS "fromPersonId", f.name AS "fromName",
  m.merged_ms AS "mergedMs", f.person_no AS "fromPersonNo", i.person_no AS "intoPersonNo", i.merged_into AS "intoMergedInto",
  i.wrapped_key AS "fromKey", f.wrapped_key AS "toKey", m.enrolment_nos AS "enrolmentNos", m.joined_rosters AS "joinedRosters"`;
export const MERGES = `SELECT ${COLUMNS} FROM merges m
  JOIN persons f ON f.person_no = m.from_person_no JOIN persons i ON i.person_no = m.into_person_no`;

export function toMerge({ mergeId, intoPersonId, fromPersonId, fromName, mergedMs }: MergeRow): Merge {
  return { mergeId, intoPersonId, fromPersonId, fromName, mergedMs };
}

export function transformKeyOf({ transformKey }: { readonly transformKey: Uint8Array | null }) {
  return transformKey === null ? {} : { transformKey };
}

export function changedMeanwhile(): KithError {
  return new KithError({
    kind: 'conflict',
    resource: 'person',
    message: 'The faces of one of the two changed meanwhile; try again.',
  });
}
