import type { ArenaView } from './arena.ts';
import type { ControlBoard } from './control-board.ts';
import { BLOCK_ROWS, PLANE_DIMS, queryOffsets, SCRATCH, type SegmentLayout, segmentLayout } from './layout.ts';
import { membership } from './person-set.ts';
import type { ScanHits, ScanOutcome, ScanQuery, ScanTask, Span } from './scan-task.ts';
import type { SharedSegment } from './segment.ts';
import { sketchBounds, sketchMargin } from './sketch-bounds.ts';
import { TopPersons } from './top-persons.ts';

/** The first rows are read whole, to have a bar for the sketches of the others. */
const FIRST_BLOCK_ROWS = 2048;
/** Bounds are worked out anew when the bar rose by this much. */
const BAR_STEP = 0.001;
/** When more of a block's rows pass their sketch, reading all templates in a row is quicker than picking them. */
const MAX_SKETCH_SHARE = 0.3;
/** For so many blocks, before sketches get another try: each raises the bar, and one is mostly enough. */
const PLAIN_BLOCKS = 1;
/** Room for 32-bit rounding in scores. */
const ROUNDING = 2e-5;

/** One query of a task while it is being scanned for. */
interface Pursuit {
  readonly query: ScanQuery;
  readonly slot: number;
  readonly top: TopPersons;
  readonly bounds: Int16Array;
  readonly isWanted: ((personNo: number) => boolean) | undefined;
  boundsFor: number;
  plainBlocks: number;
  allowedRows: number;
}

/** A segment in one thread's eyes: absolute addresses. */
interface Place extends SegmentLayout {
  readonly arena: ArenaView;
  readonly base: number;
  readonly highNibbleError: number;
}

/** Scans rows for several queries at once; each thread has one. */
export class Scanner {
  readonly #arenaOf: (arenaNo: number) => ArenaView;
  readonly #board: ControlBoard;
  #scored = 0;

  constructor(arenaOf: (arenaNo: number) => ArenaView, board: ControlBoard) {
    this.#arenaOf = arenaOf;
    this.#board = board;
  }

  scan(task: ScanTask): ScanOutcome {
    const startMs = performance.now();
    this.#scored = 0;
    const pursuits = task.queries.map(beginPursuit);
    let loadedInto: ArenaView | undefined;
    for (const span of task.spans) {
      const place = this.#placeOf(span.segment);
      if (place.arena !== loadedInto) {
        for (const pursuit of pursuits) loadQuery(place.arena, pursuit);
        loadedInto = place.arena;
      }
      if (span.rows) this.#scanList(place, span.rows, pursuits);
      else this.#scanStretch(place, span, pursuits);
    }
    return {
      hits: pursuits.map(hitsOf),
      scored: this.#scored,
      elapsedMs: performance.now() - startMs,
    };
  }

  #placeOf(segment: SharedSegment): Place {
    return {
      ...segmentLayout(segment.dims, segment.capacity),
      arena: this.#arenaOf(segment.arenaNo),
      base: segment.address,
      highNibbleError: segment.highNibbleError,
    };
  }

  #scanStretch(place: Place, span: Span, pursuits: readonly Pursuit[]): void {
    for (const pursuit of pursuits) {
      const { query, isWanted } = pursuit;
      if (query.countAllowed && isWanted) pursuit.allowedRows += countAllowed(place, span, isWanted);
    }
    // Kernels begin at whole groups of 32; rows before `from` are left out by hand
    const first = span.from - (span.from % 32);
    let blockRows = pursuits.some(({ top }) => top.count === 0) ? FIRST_BLOCK_ROWS : BLOCK_ROWS;
    for (let from = first; from < span.to; from += blockRows, blockRows = BLOCK_ROWS) {
      const to = Math.min(span.to, from + blockRows);
      for (const pursuit of pursuits) {
        if (this.#board.isCancelled(pursuit.query.slot)) continue;
        const bar = this.#barOf(pursuit);
        let count = this.#scanBlock(place, { from, to, bar }, pursuit);
        count = this.#keepWanted(place, count, { pursuit, fromRow: span.from });
        this.#offerScored(place, count, { pursuit, bar });
      }
    }
  }

  /** Rows that may reach the bar, as numbers in the scratch room; answers how many. */
  #scanBlock(
    place: Place,
    block: { readonly from: number; readonly to: number; readonly bar: number },
    pursuit: Pursuit,
  ): number {
    const { from, to, bar } = block;
    const plainly = pursuit.query.exact || bar <= -1 || pursuit.plainBlocks > 0;
    if (plainly) {
      pursuit.plainBlocks--;
      return this.#scanTemplates(place, block, pursuit);
    }
    if (Math.abs(bar - pursuit.boundsFor) > BAR_STEP) setBounds(pursuit, bar);
    const { arena, base } = place;
    const offsets = queryOffsets(pursuit.slot);
    const boundsAt = arena.scratch + offsets.bounds;
    arena.i16.set(pursuit.bounds, boundsAt >>> 1);
    const rows = arena.scratch + SCRATCH.rows;
    const count = arena.kernel.scanSketches(
      arena.scratch + offsets.tables,
      boundsAt,
      place.dims / PLANE_DIMS,
      base + place.sketches,
      place.planeBytes,
      base + place.live,
      from,
      to,
      rows,
    );
    if (count > MAX_SKETCH_SHARE * (to - from)) pursuit.plainBlocks = PLAIN_BLOCKS;
    return count;
  }

  #scanTemplates(
    place: Place,
    block: { readonly from: number; readonly to: number; readonly bar: number },
    { slot, query }: Pursuit,
  ): number {
    const { arena, base } = place;
    const { prepared } = query;
    return arena.kernel.scanHighNibbles(
      arena.scratch + queryOffsets(slot).values,
      prepared.valueScale,
      prepared.valueSum,
      place.dims,
      base + place.high,
      base + place.scales,
      base + place.live,
      block.from,
      block.to,
      surelyBelow(block.bar, place, query),
      arena.scratch + SCRATCH.rows,
    );
  }

  #scanList(place: Place, rows: Uint32Array, pursuits: readonly Pursuit[]): void {
    const { arena } = place;
    const at = (arena.scratch + SCRATCH.rows) >>> 2;
    for (let from = 0; from < rows.length; from += BLOCK_ROWS) {
      const block = rows.subarray(from, from + BLOCK_ROWS);
      for (const pursuit of pursuits) {
        if (this.#board.isCancelled(pursuit.query.slot)) continue;
        const bar = this.#barOf(pursuit);
        let count = 0;
        for (const row of block) if (isLive(place, row)) arena.u32[at + count++] = row;
        count = this.#refine(place, count, { pursuit, minScore: surelyBelow(bar, place, pursuit.query) });
        this.#offerScored(place, count, { pursuit, bar });
      }
    }
  }

  #barOf({ query, top }: Pursuit): number {
    return Math.max(query.minScore, top.bar, this.#board.bar(query.slot));
  }

  /** Leaves out rows of persons nobody asked for, and rows that were read only to begin at a whole group. */
  #keepWanted(place: Place, count: number, wanted: { readonly pursuit: Pursuit; readonly fromRow: number }): number {
    const { arena, base } = place;
    const { isWanted } = wanted.pursuit;
    const rows = (arena.scratch + SCRATCH.rows) >>> 2;
    const persons = (base + place.persons) >>> 2;
    if (!isWanted && (count === 0 || (arena.u32[rows] as number) >= wanted.fromRow)) return count;
    let kept = 0;
    for (let i = rows; i < rows + count; i++) {
      const row = arena.u32[i] as number;
      if (row < wanted.fromRow || (isWanted && !isWanted(arena.u32[persons + row] as number))) continue;
      arena.u32[rows + kept++] = row;
    }
    return kept;
  }

  #refine(place: Place, count: number, options: { readonly pursuit: Pursuit; readonly minScore: number }): number {
    const { arena, base } = place;
    const { query, slot } = options.pursuit;
    return arena.kernel.refineRows(
      arena.scratch + queryOffsets(slot).values,
      query.prepared.valueScale,
      query.prepared.valueSum,
      place.dims,
      base + place.high,
      base + place.scales,
      options.minScore,
      arena.scratch + SCRATCH.rows,
      count,
    );
  }

  #offerScored(place: Place, count: number, options: { readonly pursuit: Pursuit; readonly bar: number }): void {
    const { pursuit, bar } = options;
    const { query, slot, top } = pursuit;
    const { arena, base } = place;
    const left = query.exact
      ? count
      : this.#refine(place, count, { pursuit, minScore: likelyBelow(bar, place, query) });
    if (left === 0) return;
    this.#scored += left;
    arena.kernel.scoreRows(
      arena.scratch + queryOffsets(slot).values,
      query.prepared.valueScale,
      query.prepared.valueSum,
      place.dims,
      base + place.high,
      base + place.low,
      base + place.scales,
      arena.scratch + SCRATCH.rows,
      left,
      arena.scratch + SCRATCH.scores,
    );
    const rows = (arena.scratch + SCRATCH.rows) >>> 2;
    const scores = (arena.scratch + SCRATCH.scores) >>> 2;
    const persons = (base + place.persons) >>> 2;
    const enrolments = (base + place.enrolments) >>> 2;
    for (let i = 0; i < left; i++) {
      const score = arena.f32[scores + i] as number;
      if (score < bar) continue;
      const row = arena.u32[rows + i] as number;
      top.offer(arena.u32[persons + row] as number, arena.u32[enrolments + row] as number, score);
    }
    if (top.bar > bar) this.#board.raiseBar(query.slot, top.bar);
  }
}

function beginPursuit(query: ScanQuery, slot: number): Pursuit {
  return {
    query,
    slot,
    top: new TopPersons(query.maxPersons),
    bounds: new Int16Array(query.prepared.sketch.lows.length),
    isWanted: wantedPersons(query),
    boundsFor: Number.NEGATIVE_INFINITY,
    plainBlocks: 0,
    allowedRows: 0,
  };
}

function wantedPersons({ allowed, exceptPersonNos }: ScanQuery): Pursuit['isWanted'] {
  const isAllowed = allowed && membership(allowed);
  if (exceptPersonNos === undefined) return isAllowed;
  const [own, ...others] = exceptPersonNos;
  // Nearly always nobody but the person who is searched with
  if (others.length === 0) return (personNo) => personNo !== own && (!isAllowed || isAllowed(personNo));
  const excepted = new Set(exceptPersonNos);
  return (personNo) => !excepted.has(personNo) && (!isAllowed || isAllowed(personNo));
}

function loadQuery(arena: ArenaView, { query, slot }: Pursuit): void {
  const offsets = queryOffsets(slot);
  arena.u8.set(query.prepared.tables, arena.scratch + offsets.tables);
  arena.i16.set(query.prepared.values, (arena.scratch + offsets.values) >>> 1);
}

function setBounds(pursuit: Pursuit, bar: number): void {
  const { prepared } = pursuit.query;
  const margin = sketchMargin(pursuit.query, bar);
  sketchBounds(bar, margin, { dims: prepared.dims, scale: prepared.sketch }, pursuit.bounds);
  pursuit.boundsFor = bar;
}

/**
 * A row whose high nibbles score less can't reach the bar: the low ones add at most their distance from the middle
 * times the query's length (Cauchy–Schwarz).
 */
function surelyBelow(bar: number, place: Place, { prepared }: ScanQuery): number {
  return bar - place.highNibbleError * prepared.length - ROUNDING;
}

/** The same in all likelihood: the distance lies in no special direction, so a √D-th of it is one standard error. */
function likelyBelow(bar: number, place: Place, { margin }: ScanQuery): number {
  return bar - ((margin + 1) * place.highNibbleError) / Math.sqrt(place.dims) - ROUNDING;
}

function isLive({ arena, base, live }: Place, row: number): boolean {
  return (((arena.u8[base + live + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
}

/** Live rows of allowed persons. Their bits are read once for eight. */
function countAllowed(place: Place, span: Span, isAllowed: (personNo: number) => boolean): number {
  const { arena, base } = place;
  const { u32, u8 } = arena;
  const persons = (base + place.persons) >>> 2;
  const live = base + place.live;
  let count = 0;
  for (let row = span.from; row < span.to; ) {
    const bits = (u8[live + (row >> 3)] as number) >> (row & 7);
    const end = Math.min(span.to, (row | 7) + 1);
    for (let alive = bits; row < end; row++, alive >>= 1) {
      if ((alive & 1) === 1 && isAllowed(u32[persons + row] as number)) count++;
    }
  }
  return count;
}

function hitsOf({ top, allowedRows }: Pursuit): ScanHits {
  return {
    allowedRows,
    persons: top.persons.slice(0, top.count),
    enrolments: top.enrolments.slice(0, top.count),
    scores: top.scores.slice(0, top.count),
  };
}
