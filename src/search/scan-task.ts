import type { PersonSet } from './person-set.ts';
import type { PreparedQuery } from './prepared-query.ts';
import type { SharedSegment } from './segment.ts';

/** Rows of a segment to look at: a stretch of them, or a rising list. */
export interface Span {
  readonly segment: SharedSegment;
  readonly from: number;
  readonly to: number;
  readonly rows?: Uint32Array;
}

export interface ScanQuery {
  /** Its place on the control board. */
  readonly slot: number;
  readonly prepared: PreparedQuery;
  readonly maxPersons: number;
  readonly minScore: number;
  readonly exact: boolean;
  /** Standard errors that a sketch is trusted to. */
  readonly margin: number;
  readonly allowed?: PersonSet;
  readonly exceptPersonNos?: readonly number[];
  /** Also count the live rows of allowed persons. */
  readonly countAllowed?: boolean;
}

/** Several queries over the same rows in one pass. */
export interface ScanTask {
  readonly spans: readonly Span[];
  readonly queries: readonly ScanQuery[];
}

/** The best persons of a task's rows, best first. */
export interface ScanHits {
  readonly persons: Uint32Array;
  readonly enrolments: Uint32Array;
  readonly scores: Float32Array;
  /** Live rows of allowed persons, when asked for. */
  readonly allowedRows: number;
}

export interface ScanOutcome {
  /** One a query, in their order. */
  readonly hits: readonly ScanHits[];
  /** Rows whose whole template was read, over all queries. */
  readonly scored: number;
  readonly elapsedMs: number;
}
