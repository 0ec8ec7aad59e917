/** A table that moves between the two stores as it is. */
export interface MovedTable {
  readonly name: string;
  /** What its rows are put in order by: the primary key. */
  readonly key: readonly string[];
  /** Set once all rows are there: it names a row of the same table that may come later. */
  readonly link?: string;
  /** Numbers are given out in order and never twice, those of rows that are gone included. */
  readonly isNumbered?: true;
}

/**
 * In an order in which every row finds those it depends on. Consents come before snapshots: given ones are copied into the
 * snapshots that there are, and here the copies come along anyway.
 */
export const MOVED_TABLES: readonly MovedTable[] = [
  { name: 'api_keys', key: ['key_id'] },
  { name: 'galleries', key: ['gallery_no'], isNumbered: true },
  { name: 'persons', key: ['person_no'], isNumbered: true, link: 'merged_into' },
  { name: 'enrolments', key: ['enrolment_no'], isNumbered: true },
  { name: 'templates', key: ['enrolment_no'] },
  { name: 'staged_templates', key: ['enrolment_no'] },
  { name: 'enrolment_photos', key: ['enrolment_no'] },
  { name: 'consents', key: ['person_no'] },
  { name: 'probes', key: ['probe_no'], isNumbered: true },
  { name: 'changes', key: ['change_no'], isNumbered: true },
  { name: 'rosters', key: ['roster_no'], isNumbered: true },
  { name: 'roster_persons', key: ['roster_no', 'person_no'] },
  { name: 'operations', key: ['tenant_id', 'operation_id'] },
  { name: 'liveness_sessions', key: ['tenant_id', 'session_id'] },
  { name: 'snapshots', key: ['snapshot_no'], isNumbered: true },
  { name: 'snapshot_persons', key: ['snapshot_no', 'person_id'] },
  { name: 'snapshot_enrolments', key: ['snapshot_no', 'person_no', 'enrolment_no'] },
  { name: 'snapshot_consents', key: ['snapshot_no', 'person_no'] },
  { name: 'merges', key: ['from_person_no'] },
  { name: 'dismissed_pairs', key: ['pair_no'], isNumbered: true },
  { name: 'reviews', key: ['review_no'], isNumbered: true },
  { name: 'review_verdicts', key: ['review_no', 'key_id'] },
  { name: 'erasures', key: ['erasure_no'], isNumbered: true },
];

/** How far a node's own ledger and its unfinished work are; they mean nothing elsewhere. */
export const COLUMNS_OF_A_NODE: ReadonlySet<string> = new Set(['erasures.noted', 'operations.node_id']);

export type Value = null | number | string | Uint8Array;
export type Row = Readonly<Record<string, Value>>;
/** Of a row: its values in the key's columns. */
export type Key = readonly Value[];

/** Rows as of one moment. */
export interface RowsFrom {
  columnsOf(table: string): Promise<readonly string[]>;
  /** In the order of the key, from behind `after`. */
  read(table: MovedTable, columns: readonly string[], page: { after?: Key; limit: number }): Promise<readonly Row[]>;
  /** The highest number that a numbered table ever gave out. */
  lastNumberOf(table: MovedTable): Promise<number>;
}

/** A store that nobody sees until it is whole. */
export interface RowsInto extends RowsFrom {
  lastKeyOf(table: MovedTable): Promise<Key | undefined>;
  insert(table: MovedTable, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  link(table: MovedTable, key: Key, value: Value): Promise<void>;
  setLastNumber(table: MovedTable, lastNo: number): Promise<void>;
}

/** Nothing was moved, or not all, for a reason that whoever asked can do something about. */
export class MoveRefusedError extends Error {}
