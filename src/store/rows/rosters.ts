import type { Roster } from '../../core/types.ts';

export interface RosterRow {
  readonly rosterNo: number;
  readonly rosterId: string;
  readonly name: string;
  readonly userData: string | null;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export const COLUMNS = `roster_no AS "rosterNo", roster_id AS "rosterId", name, user_data AS "userData", created_ms AS "createdMs",
  modified_ms AS "modifiedMs"`;

export interface NewRosterRow {
  readonly galleryNo: number;
  readonly rosterId: string;
  readonly name: string;
  readonly userData: string | null;
  readonly createdMs: number;
}

export function toRoster(row: RosterRow): Roster {
  return {
    rosterId: row.rosterId,
    name: row.name,
    ...(row.userData !== null && { userData: row.userData }),
    createdMs: row.createdMs,
    modifiedMs: row.modifiedMs,
  };
}
