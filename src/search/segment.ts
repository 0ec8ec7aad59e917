import type { Block } from './arena-pool.ts';
import { MAX_SEGMENT_ROWS, ROW_GROUP, rowsThatFit, SCRATCH, type SegmentLayout, segmentLayout } from './layout.ts';

/** What a thread needs to scan a segment. */
export interface SharedSegment {
  readonly arenaNo: number;
  readonly address: number;
  readonly dims: number;
  readonly capacity: number;
  /** Largest distance, as a share of a template's length, between a row and what its high nibbles stand for. */
  readonly highNibbleError: number;
}

/**
 * A stretch of rows. Only the main thread writes; a reader is told at its start which rows it may read (`start` to
 * `end`), and those stay as they are, but that a removed row's live bit and bytes turn to zero, until the reader is
 * done: hence it needs no lock.
 */
export class Segment {
  readonly block: Block;
  readonly layout: SegmentLayout;
  readonly persons: Uint32Array;
  readonly enrolments: Uint32Array;
  readonly nextOfPerson: Uint32Array;
  /** Rows before it were moved elsewhere. */
  start = 0;
  end = 0;
  liveCount = 0;
  highNibbleError = 0;
  #readers = 0;
  #onUnused: (() => void) | undefined;

  constructor(block: Block, dims: number) {
    this.block = block;
    this.layout = segmentLayout(dims, rowsThatFit(dims, block.bytes));
    const column = (offset: number): Uint32Array => {
      const first = (block.address + offset) >>> 2;
      return block.arena.u32.subarray(first, first + this.layout.capacity);
    };
    this.persons = column(this.layout.persons);
    this.enrolments = column(this.layout.enrolments);
    this.nextOfPerson = column(this.layout.nextOfPerson);
  }

  get isFull(): boolean {
    return this.end === this.layout.capacity;
  }

  /** Rows between start and end that are gone. */
  get deadCount(): number {
    return this.end - this.start - this.liveCount;
  }

  shared(): SharedSegment {
    return {
      arenaNo: this.block.arena.shared.arenaNo,
      address: this.block.address,
      dims: this.layout.dims,
      capacity: this.layout.capacity,
      highNibbleError: this.highNibbleError,
    };
  }

  isLive(row: number): boolean {
    return (((this.block.arena.u8[this.#liveByte(row)] as number) >> (row & 7)) & 1) === 1;
  }

  /** Appends the row whose 8-bit values lie in the arena's scratch room; answers its place. */
  append(scale: number, personNo: number, enrolmentNo: number): number {
    const row = this.end;
    const { arena, address } = this.block;
    const { dims, high, low, sketches, planeBytes, scales } = this.layout;
    const values = arena.scratch + SCRATCH.values;
    const squares = arena.kernel.placeRow(
      values,
      dims,
      address + high,
      address + low,
      address + sketches,
      planeBytes,
      row,
    );
    this.highNibbleError = Math.max(this.highNibbleError, (scale * Math.sqrt(squares)) / 2);
    arena.f32[((address + scales) >>> 2) + row] = scale;
    this.persons[row] = personNo;
    this.enrolments[row] = enrolmentNo;
    const live = this.#liveByte(row);
    arena.u8[live] = (arena.u8[live] as number) | (1 << (row & 7));
    this.liveCount++;
    this.end++;
    return row;
  }

  /** Takes a row's 8-bit values into the scratch room and answers their scale. */
  takeValues(row: number): number {
    const { arena, address } = this.block;
    const { dims, high, low, scales } = this.layout;
    arena.kernel.takeRow(address + high, address + low, dims, row, arena.scratch + SCRATCH.values);
    return arena.f32[((address + scales) >>> 2) + row] as number;
  }

  /** Takes the row out of every search that starts from now on, and overwrites it. */
  erase(row: number): void {
    const { arena, address } = this.block;
    const { dims, high, low, sketches, planeBytes, scales } = this.layout;
    const live = this.#liveByte(row);
    arena.u8[live] = (arena.u8[live] as number) & ~(1 << (row & 7));
    this.liveCount--;
    // Zero values, not zero bytes: the row's lines are shared with three others
    arena.i8.fill(0, arena.scratch + SCRATCH.values, arena.scratch + SCRATCH.values + dims);
    arena.kernel.placeRow(
      arena.scratch + SCRATCH.values,
      dims,
      address + high,
      address + low,
      address + sketches,
      planeBytes,
      row,
    );
    arena.f32[((address + scales) >>> 2) + row] = 0;
    this.persons[row] = 0;
    this.enrolments[row] = 0;
  }

  /** After a snapshot's bytes were put in place: rows removed while it was written are zero there, and not live. */
  restore(rows: { readonly start: number; readonly end: number; readonly highNibbleError: number }): void {
    this.start = rows.start;
    this.end = rows.end;
    this.highNibbleError = rows.highNibbleError;
    this.liveCount = 0;
    for (let row = 0; row < rows.end; row++) {
      if (!this.isLive(row)) continue;
      if (row >= rows.start && this.enrolments[row] !== 0) {
        this.liveCount++;
        continue;
      }
      const live = this.#liveByte(row);
      const { u8 } = this.block.arena;
      u8[live] = (u8[live] as number) & ~(1 << (row & 7));
    }
  }

  beginReading(): void {
    this.#readers++;
  }

  endReading(): void {
    this.#readers--;
    if (this.#readers === 0) this.#onUnused?.();
  }

  /** Calls back, once, when nobody reads the segment any more; nobody may begin to after this. */
  whenUnused(callback: () => void): void {
    this.#onUnused = callback;
    if (this.#readers === 0) callback();
  }

  #liveByte(row: number): number {
    return this.block.address + this.layout.live + (row >> 3);
  }
}

/** Bytes of the block for a segment of at least `rows` rows, but none larger than the largest segment. */
export function blockBytesFor(dims: number, rows: number): number {
  const rowBytes = segmentLayout(dims, ROW_GROUP).bytes / ROW_GROUP;
  const largest = 2 ** Math.floor(Math.log2(MAX_SEGMENT_ROWS * rowBytes));
  const wanted = Math.ceil(rows / ROW_GROUP) * ROW_GROUP * rowBytes;
  return Math.min(largest, 2 ** Math.ceil(Math.log2(wanted)));
}
