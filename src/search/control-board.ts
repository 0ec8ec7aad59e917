/** Steps of a score on the board. */
const UNITS = 2 ** 24;
const LOWEST = -(2 ** 31);
/** One cache line a slot, so that threads don't take each other's. */
const STRIDE = 16;
const BAR = 0;
const CANCELLED = 1;

/**
 * What the threads tell each other about the queries under way: for each slot the score that a person must reach to
 * come in at all, and whether anybody still waits for the answer.
 */
export class ControlBoard {
  readonly cells: Int32Array;
  readonly #free: number[];

  /** With cells of another thread, only `bar`, `raiseBar` and `isCancelled` are of use. */
  constructor(slots: number, cells: Int32Array = new Int32Array(new SharedArrayBuffer(slots * STRIDE * 4))) {
    this.cells = cells;
    this.#free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  }

  /** Undefined when all slots are taken. */
  takeSlot(): number | undefined {
    const slot = this.#free.pop();
    if (slot === undefined) return undefined;
    Atomics.store(this.cells, slot * STRIDE + BAR, LOWEST);
    Atomics.store(this.cells, slot * STRIDE + CANCELLED, 0);
    return slot;
  }

  freeSlot(slot: number): void {
    this.#free.push(slot);
  }

  cancel(slot: number): void {
    Atomics.store(this.cells, slot * STRIDE + CANCELLED, 1);
  }

  isCancelled(slot: number): boolean {
    return Atomics.load(this.cells, slot * STRIDE + CANCELLED) === 1;
  }

  bar(slot: number): number {
    const units = Atomics.load(this.cells, slot * STRIDE + BAR);
    return units === LOWEST ? Number.NEGATIVE_INFINITY : units / UNITS;
  }

  /** Rounds down: the bar may be a little too low, never too high. */
  raiseBar(slot: number, score: number): void {
    const units = Math.floor(score * UNITS);
    let known = Atomics.load(this.cells, slot * STRIDE + BAR);
    while (units > known) {
      const seen = Atomics.compareExchange(this.cells, slot * STRIDE + BAR, known, units);
      if (seen === known) return;
      known = seen;
    }
  }
}
