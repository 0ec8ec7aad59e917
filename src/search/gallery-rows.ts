import type { IndexRow } from '../core/ports.ts';
import type { ArenaPool } from './arena-pool.ts';
import { checkLength, checkRow } from './checks.ts';
import { MAX_SEGMENT_ROWS, paddedDims, ROW_GROUP, SCRATCH } from './layout.ts';
import { RowTable } from './row-table.ts';
import { blockBytesFor, Segment } from './segment.ts';

/** Below it a full segment is copied into one twice its size; above it another one is begun. */
const COPY_BELOW_ROWS = 4096;
/** A segment with a larger share of dead rows is worth moving out of. */
const MAX_DEAD_SHARE = 0.25;

/** A row id: the segment's slot times 65,536 plus the row. */
const rowIdOf = (slot: number, row: number): number => slot * MAX_SEGMENT_ROWS + row;

/** Rows of one segment that a reader may read. */
export interface RowRange {
  readonly segment: Segment;
  readonly from: number;
  readonly to: number;
}

/**
 * The rows of one gallery: in which segment each enrolment lies, and which enrolments a person has. All changes are
 * made here, by the main thread, each between two turns of the event loop.
 */
export class GalleryRows {
  readonly vectorLength: number;
  /** Template length in memory. */
  readonly dims: number;
  /** Grows with every change; equal numbers mean equal rows. */
  version = 0;
  readonly #pool: ArenaPool;
  readonly #segments: (Segment | undefined)[] = [];
  readonly #byEnrolment: RowTable;
  /** Person → first row of the chain of that person's rows. */
  readonly #byPerson: RowTable;
  #tailSlot = -1;

  constructor(pool: ArenaPool, vectorLength: number) {
    checkLength(vectorLength);
    this.#pool = pool;
    this.vectorLength = vectorLength;
    this.dims = paddedDims(vectorLength);
    this.#byEnrolment = new RowTable((rowId) => this.#segmentOf(rowId).enrolments[rowId % MAX_SEGMENT_ROWS] as number);
    this.#byPerson = new RowTable((rowId) => this.#segmentOf(rowId).persons[rowId % MAX_SEGMENT_ROWS] as number);
  }

  get enrolments(): number {
    return this.#byEnrolment.count;
  }

  get persons(): number {
    return this.#byPerson.count;
  }

  has(enrolmentNo: number): boolean {
    return this.#byEnrolment.find(enrolmentNo) !== undefined;
  }

  /** Throws when the row can't be kept in this gallery. */
  check(row: IndexRow): void {
    checkRow(row, this.vectorLength);
  }

  /** Adds a row; one with the same enrolment number is replaced. */
  add(row: IndexRow): void {
    const { block } = this.#tailWithRoom();
    const { arena } = block;
    arena.loadRotated(row.vector, this.dims);
    const values = arena.scratch + SCRATCH.values;
    const scale = arena.kernel.quantise(arena.scratch + SCRATCH.vector, this.dims, values);
    this.#appendValues(scale, row.personNo, row.enrolmentNo);
  }

  /** Adds a row whose 8-bit values are known already: from a snapshot. */
  addValues(
    values: Int8Array,
    row: { readonly scale: number; readonly personNo: number; readonly enrolmentNo: number },
  ) {
    const { arena } = this.#tailWithRoom().block;
    arena.i8.set(values, arena.scratch + SCRATCH.values);
    this.#appendValues(row.scale, row.personNo, row.enrolmentNo);
  }

  #appendValues(scale: number, personNo: number, enrolmentNo: number): void {
    this.version++;
    const replaced = this.#byEnrolment.find(enrolmentNo);
    const slot = this.#tailSlot;
    const segment = this.#segmentAt(slot);
    const row = segment.append(scale, personNo, enrolmentNo);
    const rowId = rowIdOf(slot, row);
    if (replaced !== undefined) this.#drop(replaced);
    this.#byEnrolment.set(enrolmentNo, rowId);
    segment.nextOfPerson[row] = (this.#byPerson.find(personNo) ?? -1) + 1;
    this.#byPerson.set(personNo, rowId);
  }

  /** False when there is no such enrolment. */
  remove(enrolmentNo: number): boolean {
    const rowId = this.#byEnrolment.find(enrolmentNo);
    if (rowId === undefined) return false;
    this.version++;
    this.#drop(rowId);
    return true;
  }

  #drop(rowId: number): void {
    const slot = Math.floor(rowId / MAX_SEGMENT_ROWS);
    const segment = this.#segmentAt(slot);
    const row = rowId % MAX_SEGMENT_ROWS;
    this.#unlinkFromPerson(rowId, (segment.nextOfPerson[row] as number) - 1);
    this.#byEnrolment.delete(segment.enrolments[row] as number);
    segment.erase(row);
    if (segment.liveCount === 0 && slot !== this.#tailSlot) this.#retire(slot);
  }

  /** Puts `instead` (−1: nothing) in the place of a row in its person's chain. */
  #unlinkFromPerson(rowId: number, instead: number): void {
    const personNo = this.#segmentOf(rowId).persons[rowId % MAX_SEGMENT_ROWS] as number;
    let at = this.#byPerson.find(personNo) as number;
    if (at === rowId) {
      if (instead < 0) this.#byPerson.delete(personNo);
      else this.#byPerson.set(personNo, instead);
      return;
    }
    for (;;) {
      const { nextOfPerson } = this.#segmentOf(at);
      const next = (nextOfPerson[at % MAX_SEGMENT_ROWS] as number) - 1;
      if (next === rowId) {
        nextOfPerson[at % MAX_SEGMENT_ROWS] = instead + 1;
        return;
      }
      at = next;
    }
  }

  /** All memory goes back; readers that are under way finish first. */
  removeAll(): void {
    for (const slot of this.#segments.keys()) if (this.#segments[slot]) this.#retire(slot);
  }

  /** What a search that starts now has to read. */
  ranges(): RowRange[] {
    const ranges: RowRange[] = [];
    for (const segment of this.#segments) {
      if (segment && segment.liveCount > 0) ranges.push({ segment, from: segment.start, to: segment.end });
    }
    return ranges;
  }

  /** A person's rows, newest first. */
  *rowsOfPerson(personNo: number): Iterable<{ readonly segment: Segment; readonly row: number }> {
    let rowId = this.#byPerson.find(personNo) ?? -1;
    while (rowId >= 0) {
      const segment = this.#segmentOf(rowId);
      const row = rowId % MAX_SEGMENT_ROWS;
      yield { segment, row };
      rowId = (segment.nextOfPerson[row] as number) - 1;
    }
  }

  *personNos(): Iterable<number> {
    for (const rowId of this.#byPerson.rowIds()) {
      yield this.#segmentOf(rowId).persons[rowId % MAX_SEGMENT_ROWS] as number;
    }
  }

  findRow(enrolmentNo: number): { readonly segment: Segment; readonly row: number } | undefined {
    const rowId = this.#byEnrolment.find(enrolmentNo);
    return rowId === undefined ? undefined : { segment: this.#segmentOf(rowId), row: rowId % MAX_SEGMENT_ROWS };
  }

  /** Moves at most `maxRows` rows out of a segment with many dead ones; false when there is nothing left to do. */
  compact(maxRows: number): boolean {
    // One that was begun with is emptied to the end
    const slot = this.#segments.findIndex(
      (segment) => segment && (segment.start > 0 || segment.deadCount > MAX_DEAD_SHARE * (segment.end - segment.start)),
    );
    if (slot < 0) return false;
    if (slot === this.#tailSlot) this.#beginTail(this.#segmentAt(slot).liveCount);
    this.#moveOut(slot, maxRows);
    return true;
  }

  #moveOut(slot: number, maxRows: number): void {
    const segment = this.#segments[slot];
    if (!segment) return;
    const to = Math.min(segment.end, segment.start + maxRows);
    for (let row = segment.start; row < to; row++) {
      if (segment.isLive(row)) this.#move(segment, rowIdOf(slot, row));
      segment.start = row + 1;
    }
    if (segment.start === segment.end) this.#retire(slot);
  }

  #move(from: Segment, rowId: number): void {
    const row = rowId % MAX_SEGMENT_ROWS;
    // First the room: making it may itself move rows through the scratch room
    const to = this.#tailWithRoom();
    const scale = from.takeValues(row);
    const values = from.block.arena.scratch + SCRATCH.values;
    if (to.block.arena !== from.block.arena) {
      const bytes = from.block.arena.i8.subarray(values, values + this.dims);
      to.block.arena.i8.set(bytes, to.block.arena.scratch + SCRATCH.values);
    }
    const personNo = from.persons[row] as number;
    const enrolmentNo = from.enrolments[row] as number;
    const moved = to.append(scale, personNo, enrolmentNo);
    from.liveCount--;
    const movedId = rowIdOf(this.#tailSlot, moved);
    to.nextOfPerson[moved] = from.nextOfPerson[row] as number;
    this.#unlinkFromPerson(rowId, movedId);
    this.#byEnrolment.set(enrolmentNo, movedId);
  }

  #tailWithRoom(): Segment {
    const tail = this.#segments[this.#tailSlot];
    if (tail && !tail.isFull) return tail;
    if (!tail) return this.#beginTail(1);
    if (tail.liveCount >= COPY_BELOW_ROWS) return this.#beginTail(this.enrolments);
    const slot = this.#tailSlot;
    const larger = this.#beginTail(tail.liveCount * 2);
    this.#moveOut(slot, tail.layout.capacity);
    return larger;
  }

  #beginTail(rows: number): Segment {
    const segment = new Segment(this.#pool.allocate(blockBytesFor(this.dims, Math.max(ROW_GROUP, rows))), this.dims);
    const before = this.#tailSlot;
    const free = this.#segments.indexOf(undefined);
    this.#tailSlot = free < 0 ? this.#segments.length : free;
    this.#segments[this.#tailSlot] = segment;
    if (this.#segments[before]?.liveCount === 0) this.#retire(before);
    return segment;
  }

  #retire(slot: number): void {
    const segment = this.#segmentAt(slot);
    this.#segments[slot] = undefined;
    if (slot === this.#tailSlot) this.#tailSlot = -1;
    segment.whenUnused(() => this.#pool.release(segment.block));
  }

  #segmentAt(slot: number): Segment {
    return this.#segments[slot] as Segment;
  }

  #segmentOf(rowId: number): Segment {
    return this.#segments[Math.floor(rowId / MAX_SEGMENT_ROWS)] as Segment;
  }
}
