// What the writer keeps to, and the reader may therefore rely on.

/** A head is signed when this many lines have none over them … */
export const HEAD_EVERY_LINES = 1000;
/** … or the first of them is this old. */
export const HEAD_EVERY_MS = 10_000;
/** Lines written, and brought to the disk, at once. */
export const MAX_BATCH_LINES = 1000;
/** A batch is closed by the line that passes this. */
export const BATCH_BYTES = 1024 * 1024;
/** A chain's first two lines are written before its first head. */
export const LINES_BEFORE_FIRST_HEAD = 2;
/** Lines go to the next file when one has this many bytes. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
