import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KithError } from '../core/errors.ts';
import type {
  GalleryIndex,
  GallerySize,
  IndexRow,
  IndexStats,
  NeighboursQuery,
  SearchQuery,
  SearchResult,
} from '../core/ports.ts';
import { allNeighbours } from './all-neighbours.ts';
import { ArenaPool } from './arena-pool.ts';
import { ControlBoard } from './control-board.ts';
import { GalleryRows } from './gallery-rows.ts';
import { EXACT_ROWS, GallerySearch, INLINE_ROWS } from './gallery-search.ts';
import { loadKernelModule } from './kernel-module.ts';
import { segmentLayout } from './layout.ts';
import { RecallMonitor } from './recall-monitor.ts';
import { Scheduler } from './scheduler.ts';
import { type LoadedSnapshot, loadSnapshot, type SnapshotSource, saveSnapshot } from './snapshot.ts';
import { WorkerPool } from './worker-pool.ts';

const MAX_QUEUED = 1024;
/** Slots kept for the background and the main thread. */
const SPARE_SLOTS = 128;
/** A slice of writing between two turns of the event loop. */
const SLICE_MS = 1;
const COMPACTED_ROWS_A_SLICE = 256;
const REFILL_RETRY_S = 10;

export interface GalleryIndexOptions {
  /** Worker threads; as many as there are cores when omitted. They start with the first search that is worth it. */
  readonly threads?: number;
  /** Searches that may wait before more are refused as busy. */
  readonly maxQueued?: number;
  /** `plain` keeps to the kernel in TypeScript. */
  readonly kernel?: 'fast' | 'plain';
  /** Galleries up to so many rows are scanned by the main thread, without a message to another; 2048 when omitted. */
  readonly inlineRows?: number;
  /** Galleries up to so many rows are scanned exactly; 8192 when omitted. */
  readonly exactRows?: number;
}

/** The index with what only its owner does: keep it in a file. It knows its numbers at once. */
export interface KeptGalleryIndex extends GalleryIndex {
  size(galleryNo: number): GallerySize;
  stats(): IndexStats;
  /** Writes all rows into a file, sealed piece by piece, while searches and writes go on. */
  saveSnapshot(target: SnapshotSource & { readonly changeNo: number }): Promise<void>;
  /** Fills an empty index from a file; one that is torn or foreign leaves it empty. */
  loadSnapshot(source: SnapshotSource): Promise<LoadedSnapshot>;
  /** Empties it for `fill`; until that succeeds searches are refused, as a half-filled index would say of many that nobody knows them. */
  refill<T>(fill: () => Promise<T>): Promise<T>;
}

/** Opens an empty index of any number of galleries. */
export async function createGalleryIndex(options: GalleryIndexOptions = {}): Promise<KeptGalleryIndex> {
  const { module, warning } =
    options.kernel === 'plain' ? { warning: 'the plain kernel was asked for' } : await loadKernelModule();
  return new FlatIndex(options, module, warning);
}

class FlatIndex implements KeptGalleryIndex {
  readonly #galleries = new Map<number, GalleryRows>();
  /** The last write of each gallery: writes of one gallery follow one another. */
  readonly #writes = new Map<number, Promise<unknown>>();
  readonly #arenas: ArenaPool;
  readonly #pool: WorkerPool;
  readonly #scheduler: Scheduler;
  readonly #search: GallerySearch;
  readonly #recall = new RecallMonitor();
  readonly #module: WebAssembly.Module | undefined;
  readonly #warning: string | undefined;
  readonly #compacting = new Set<GalleryRows>();
  #closed = false;
  #isRefilling = false;

  constructor(options: GalleryIndexOptions, module: WebAssembly.Module | undefined, warning: string | undefined) {
    const threads = Math.max(1, options.threads ?? availableParallelism());
    const maxQueued = options.maxQueued ?? MAX_QUEUED;
    const board = new ControlBoard(maxQueued + SPARE_SLOTS);
    this.#module = module;
    this.#warning = warning;
    this.#arenas = new ArenaPool({
      threads: threads + 1,
      module,
      onOpened: (arena) => this.#pool.announce(arena.shared),
    });
    this.#pool = new WorkerPool({
      threads,
      module,
      boardCells: board.cells,
      arenas: () => this.#arenas.arenas.map(({ shared }) => shared),
      onRoom: () => this.#scheduler.pump(),
    });
    this.#scheduler = new Scheduler({ pool: this.#pool, board, maxQueued });
    this.#search = new GallerySearch({
      arenas: this.#arenas,
      board,
      scheduler: this.#scheduler,
      recall: this.#recall,
      inlineRows: options.inlineRows ?? INLINE_ROWS,
      exactRows: options.exactRows ?? EXACT_ROWS,
    });
  }

  add(galleryNo: number, rows: readonly IndexRow[]): Promise<void> {
    const [first] = rows;
    if (!first) return Promise.resolve();
    return this.#write(galleryNo, async () => {
      const known = this.#galleries.get(galleryNo);
      const gallery = known ?? new GalleryRows(this.#arenas, first.vector.length);
      await inSlices(rows, (row) => gallery.check(row));
      this.#galleries.set(galleryNo, gallery);
      await inSlices(rows, (row) => gallery.add(row));
      this.#compact(gallery);
    });
  }

  remove(galleryNo: number, enrolmentNos: readonly number[]): Promise<void> {
    return this.#write(galleryNo, async () => {
      const gallery = this.#galleries.get(galleryNo);
      if (!gallery) return;
      await inSlices(enrolmentNos, (enrolmentNo) => gallery.remove(enrolmentNo));
      if (gallery.enrolments === 0) this.#forget(galleryNo, gallery);
      else this.#compact(gallery);
    });
  }

  removeGallery(galleryNo: number): Promise<void> {
    return this.#write(galleryNo, async () => {
      const gallery = this.#galleries.get(galleryNo);
      if (gallery) this.#forget(galleryNo, gallery);
    });
  }

  async search(galleryNo: number, query: SearchQuery, signal?: AbortSignal): Promise<SearchResult> {
    this.#requireFilled();
    const rows = this.#galleries.get(galleryNo);
    if (rows) return this.#search.search(galleryNo, rows, { query, signal });
    signal?.throwIfAborted();
    return { hits: [], searched: 0, exact: true, recall: 1 };
  }

  async *allNeighbours(galleryNo: number, query: NeighboursQuery, signal?: AbortSignal) {
    this.#requireFilled();
    const rows = this.#galleries.get(galleryNo);
    if (!rows) return;
    yield* allNeighbours({ search: this.#search, pool: this.#pool }, { galleryNo, rows }, { query, signal });
  }

  size(galleryNo: number) {
    const rows = this.#galleries.get(galleryNo);
    return { enrolments: rows?.enrolments ?? 0, persons: rows?.persons ?? 0 };
  }

  stats() {
    const galleries = [...this.#galleries.values()];
    const live = (rows: GalleryRows): number => (rows.enrolments * segmentLayout(rows.dims, 16).bytes) / 16;
    return {
      galleries: galleries.length,
      enrolments: galleries.reduce((sum, { enrolments }) => sum + enrolments, 0),
      reservedBytes: this.#arenas.reservedBytes,
      liveBytes: galleries.reduce((sum, rows) => sum + live(rows), 0),
      threads: this.#pool.size,
      kernel: this.#module ? ('wasm' as const) : ('plain' as const),
      ...(this.#warning === undefined ? {} : { warning: this.#warning }),
      searches: this.#search.searches,
      queued: this.#scheduler.queued,
      refusedBusy: this.#scheduler.refusedBusy,
      recall: this.#recall.stats(),
    };
  }

  async saveSnapshot(target: SnapshotSource & { readonly changeNo: number }): Promise<void> {
    await saveSnapshot(target, this.#galleries);
  }

  async loadSnapshot(source: SnapshotSource): Promise<LoadedSnapshot> {
    if (this.#galleries.size > 0) throw new Error('a snapshot fills an empty index only');
    const galleryOf = (galleryNo: number, vectorLength: number): GalleryRows => {
      const gallery = this.#galleries.get(galleryNo) ?? new GalleryRows(this.#arenas, vectorLength);
      this.#galleries.set(galleryNo, gallery);
      return gallery;
    };
    const loaded = await loadSnapshot(source, galleryOf);
    if (loaded.kind !== 'loaded') this.#forgetAll();
    return loaded;
  }

  async refill<T>(fill: () => Promise<T>): Promise<T> {
    this.#isRefilling = true;
    await Promise.all(this.#writes.values());
    this.#forgetAll();
    const filled = await fill();
    this.#isRefilling = false;
    return filled;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.close();
    this.#galleries.clear();
    this.#arenas.close();
  }

  #write(galleryNo: number, write: () => Promise<void>): Promise<void> {
    const before = this.#writes.get(galleryNo) ?? Promise.resolve();
    const written = before.then(write, write);
    this.#writes.set(galleryNo, written);
    const forget = (): void => {
      if (this.#writes.get(galleryNo) === written) this.#writes.delete(galleryNo);
    };
    written.then(forget, forget);
    return written;
  }

  #requireFilled(): void {
    if (!this.#isRefilling) return;
    const message = 'What is searched is being read anew, as this node had stood still for long.';
    throw new KithError({ kind: 'unavailable', part: 'machine', retryAfterS: REFILL_RETRY_S, message });
  }

  #forgetAll(): void {
    for (const [galleryNo, gallery] of [...this.#galleries]) this.#forget(galleryNo, gallery);
  }

  #forget(galleryNo: number, gallery: GalleryRows): void {
    this.#galleries.delete(galleryNo);
    gallery.removeAll();
  }

  /** Moves rows together where many were removed, a few at a time, until there is nothing left to do. */
  #compact(gallery: GalleryRows): void {
    if (this.#compacting.has(gallery)) return;
    this.#compacting.add(gallery);
    const goOn = (): void => {
      if (!this.#closed && gallery.compact(COMPACTED_ROWS_A_SLICE)) setImmediate(goOn);
      else this.#compacting.delete(gallery);
    };
    setImmediate(goOn);
  }
}

/** Does `work` for each item, giving way to whatever else waits once a millisecond. */
async function inSlices<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  let sliceEndMs = performance.now() + SLICE_MS;
  for (const item of items) {
    work(item);
    if (performance.now() < sliceEndMs) continue;
    await nextTurn();
    sliceEndMs = performance.now() + SLICE_MS;
  }
}
