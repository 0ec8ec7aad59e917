// Where things lie in a segment and in a thread's scratch room, in bytes. The kernels rely on every number here.

/** Dimensions of a sketch plane; templates are padded with zeros to whole planes. */
export const PLANE_DIMS = 128;
/** Templates longer than this would overflow the kernels' 32-bit sums. */
export const MAX_DIMS = 4096;
/** Sketches of so many rows are interleaved, so a segment holds a multiple of that. */
export const ROW_GROUP = 16;
/** A row's place in its segment fits 16 bits. */
export const MAX_SEGMENT_ROWS = 65_536;
/** Rows between two looks at the running threshold; their sketches fit a core's second-level cache. */
export const BLOCK_ROWS = 4096;
/** Queries that share one pass over memory. */
export const MAX_BATCH = 16;

export interface SegmentLayout {
  readonly dims: number;
  readonly capacity: number;
  /** Upper four bits of each template value, rows interleaved by four in lines of 64 bytes. */
  readonly high: number;
  /** Lower four bits, laid out alike. */
  readonly low: number;
  /** One bit a dimension, in planes of 128; within a plane rows are interleaved by sixteen, byte by byte. */
  readonly sketches: number;
  readonly planeBytes: number;
  /** f32 a row: what a whole 8-bit value is worth. */
  readonly scales: number;
  /** u32 a row each. */
  readonly persons: number;
  readonly enrolments: number;
  /** Row id + 1 of the same person's next enrolment, 0 at the end; the writer's own. */
  readonly nextOfPerson: number;
  /** One bit a row. */
  readonly live: number;
  readonly bytes: number;
}

export function paddedDims(dims: number): number {
  return Math.ceil(dims / PLANE_DIMS) * PLANE_DIMS;
}

/** Bits of one row. */
function rowBits(dims: number): number {
  return dims * 8 + dims + 4 * 32 + 1;
}

/** The most rows that fit `bytes`, a multiple of 16; 0 when not even 16 fit. */
export function rowsThatFit(dims: number, bytes: number): number {
  const rows = Math.floor((bytes * 8) / rowBits(dims) / ROW_GROUP) * ROW_GROUP;
  return Math.min(rows, MAX_SEGMENT_ROWS);
}

/** Offsets within a segment of `capacity` rows of `dims` (padded) dimensions. */
export function segmentLayout(dims: number, capacity: number): SegmentLayout {
  const planeBytes = capacity * (PLANE_DIMS / 8);
  const high = 0;
  const low = high + (capacity * dims) / 2;
  const sketches = low + (capacity * dims) / 2;
  const scales = sketches + (dims / PLANE_DIMS) * planeBytes;
  const persons = scales + capacity * 4;
  const enrolments = persons + capacity * 4;
  const nextOfPerson = enrolments + capacity * 4;
  const live = nextOfPerson + capacity * 4;
  const bytes = live + capacity / 8;
  return { dims, capacity, high, low, sketches, planeBytes, scales, persons, enrolments, nextOfPerson, live, bytes };
}

/** Room for one prepared query of the longest template: lookup tables, 16-bit values, bounds. */
const TABLE_BYTES = (MAX_DIMS / 4) * 16;
const VALUE_BYTES = MAX_DIMS * 2;
const BOUND_BYTES = (MAX_DIMS / PLANE_DIMS) * 2;
export const QUERY_BYTES = TABLE_BYTES + VALUE_BYTES + BOUND_BYTES;

/** A thread's own room in every arena; offsets from its start. */
export const SCRATCH = {
  /** f32 a dimension: a vector being turned. */
  vector: 0,
  /** i8 a dimension: a row's values. */
  values: MAX_DIMS * 4,
  /** f32 a plane. */
  lows: MAX_DIMS * 5,
  /** i32. */
  sum: MAX_DIMS * 5 + (MAX_DIMS / PLANE_DIMS) * 4,
  /** u32 and f32 a row of a block. */
  rows: MAX_DIMS * 6,
  scores: MAX_DIMS * 6 + BLOCK_ROWS * 4,
  queries: MAX_DIMS * 6 + BLOCK_ROWS * 8,
  bytes: MAX_DIMS * 6 + BLOCK_ROWS * 8 + MAX_BATCH * QUERY_BYTES,
} as const;

/** Addresses of the parts of the `slot`th query of a batch, from the scratch room's start. */
export function queryOffsets(slot: number): {
  readonly tables: number;
  readonly values: number;
  readonly bounds: number;
} {
  const tables = SCRATCH.queries + slot * QUERY_BYTES;
  return { tables, values: tables + TABLE_BYTES, bounds: tables + TABLE_BYTES + VALUE_BYTES };
}

/** f32 signs of the rotation, `dims` a round, once in every arena; four rounds. */
export const ROTATION_ROUNDS = 4;
export const SIGN_BYTES = ROTATION_ROUNDS * MAX_DIMS * 4;
