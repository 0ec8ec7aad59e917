import { KithError } from '../core/errors.ts';
import type { ControlBoard } from './control-board.ts';
import type { GalleryRows } from './gallery-rows.ts';
import { MAX_BATCH } from './layout.ts';
import { cutPieces } from './pieces.ts';
import type { ScanOutcome, ScanQuery, Span } from './scan-task.ts';
import type { Segment } from './segment.ts';
import { TopPersons } from './top-persons.ts';
import type { WorkerPool } from './worker-pool.ts';

/** First guesses, nanoseconds a row and query; measured from then on. */
const FAST_ROW_NS = 4;
const EXACT_ROW_NS = 25;

/** One search on its way to the threads. */
export interface ScanRequest {
  readonly galleryNo: number;
  readonly rows: GalleryRows;
  readonly query: Omit<ScanQuery, 'slot'>;
  /** Just these rows, by rising number within a segment, instead of all; the caller has begun to read the segments. */
  readonly spans?: readonly Span[];
  /** Only in idle time. */
  readonly background: boolean;
  readonly signal?: AbortSignal;
}

export interface ScanFindings {
  readonly top: TopPersons;
  readonly allowedRows: number;
}

/** A request that waits or is being worked on. */
interface Errand {
  readonly request: ScanRequest;
  readonly slot: number;
  readonly top: TopPersons;
  allowedRows: number;
  settled: boolean;
  readonly onAbort: () => void;
  readonly resolve: (findings: ScanFindings) => void;
  readonly reject: (error: unknown) => void;
}

/** Errands that go over the same rows together. */
interface Job {
  readonly lane: Lane;
  readonly errands: readonly Errand[];
  readonly pieces: (readonly Span[])[];
  readonly segments: readonly Segment[];
  running: number;
}

/** What one gallery has waiting, of one kind of search. */
interface Lane {
  readonly background: boolean;
  readonly waiting: Errand[];
  job: Job | undefined;
  /** Thread time it has had, for fairness: whoever had least is next. */
  servedMs: number;
}

export interface SchedulerOptions {
  readonly pool: WorkerPool;
  readonly board: ControlBoard;
  /** Foreground searches under way or waiting before `busy` is answered. */
  readonly maxQueued: number;
}

/**
 * Cuts searches into pieces of about a millisecond and gives them to the threads: one search to all threads while
 * nothing else is to do; those of one gallery that came while it was busy together, in one pass over its rows; galleries
 * in turn by the time they have had, so that a small one never waits for a large one for more than a piece or two
 * (start-time fair queueing: Goyal et al., IEEE/ACM Trans. Networking 5(5), 1997).
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #rowNs = { fast: FAST_ROW_NS, exact: EXACT_ROW_NS };
  #foreground = 0;
  #servedMs = 0;
  refusedBusy = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Foreground searches that wait or are under way. */
  get queued(): number {
    return this.#foreground;
  }

  run(request: ScanRequest): Promise<ScanFindings> {
    const { background, signal } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const slot = this.#takeSlot(request);
    if (!background) this.#foreground++;
    return new Promise((resolve, reject) => {
      const lane = this.#laneOf(request);
      const errand: Errand = {
        request,
        slot,
        top: new TopPersons(request.query.maxPersons),
        allowedRows: 0,
        settled: false,
        onAbort: () => this.#abort(lane, errand),
        resolve,
        reject,
      };
      lane.waiting.push(errand);
      signal?.addEventListener('abort', errand.onAbort);
      this.pump();
    });
  }

  /** Gives the threads what they have room for. */
  pump(): void {
    const { pool } = this.#options;
    while (pool.hasRoom()) {
      const lane = this.#nextLane(false) ?? (pool.hasRoom(1) ? this.#nextLane(true) : undefined);
      if (!lane) return;
      const job = lane.job ?? this.#beginJob(lane);
      const piece = job.pieces.shift();
      if (job.pieces.length === 0) lane.job = undefined;
      if (piece) this.#dispatch(job, piece);
      else this.#endJob(job);
    }
  }

  #takeSlot(request: ScanRequest): number {
    const { board, maxQueued } = this.#options;
    const slot = !request.background && this.#foreground >= maxQueued ? undefined : board.takeSlot();
    if (slot !== undefined) return slot;
    this.refusedBusy++;
    const waitMs = (this.#foreground * request.rows.enrolments * this.#rowNs.fast) / this.#options.pool.size / 1e6;
    throw new KithError({ kind: 'busy', retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) });
  }

  #laneOf({ galleryNo, query, spans, background }: ScanRequest): Lane {
    const key = `${background ? 'background' : 'foreground'} ${galleryNo} ${query.exact} ${spans !== undefined}`;
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane: Lane = { background, waiting: [], job: undefined, servedMs: this.#servedMs };
    this.#lanes.set(key, lane);
    return lane;
  }

  #nextLane(background: boolean): Lane | undefined {
    let next: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.background !== background || (!lane.job && lane.waiting.length === 0)) continue;
      if (!next || lane.servedMs < next.servedMs) next = lane;
    }
    return next;
  }

  #beginJob(lane: Lane): Job {
    const [first] = lane.waiting as [Errand, ...Errand[]];
    const { rows, spans, query } = first.request;
    const errands = lane.waiting.splice(0, spans ? 1 : MAX_BATCH);
    const ranges = spans ? [] : rows.ranges();
    const segments = ranges.map(({ segment }) => segment);
    for (const segment of segments) segment.beginReading();
    const stretches = spans ?? ranges.map(({ segment, from, to }) => ({ segment: segment.shared(), from, to }));
    const rowNs = (query.exact ? this.#rowNs.exact : this.#rowNs.fast) * errands.length;
    const pieces = cutPieces(stretches, { rowNs, threads: this.#options.pool.size });
    const job: Job = { lane, errands, pieces, segments, running: 0 };
    lane.job = job;
    return job;
  }

  #dispatch(job: Job, spans: readonly Span[]): void {
    job.running++;
    const errands = job.errands.filter(({ settled }) => !settled);
    if (errands.length === 0) {
      this.#dropPieces(job);
      this.#endPiece(job);
      return;
    }
    const queries = errands.map(({ request, slot }) => ({ ...request.query, slot }));
    const rows = spans.reduce((sum, span) => sum + (span.rows?.length ?? span.to - span.from), 0);
    const kind = job.errands[0]?.request.query.exact ? 'exact' : 'fast';
    const costMs = (rows * queries.length * this.#rowNs[kind]) / 1e6;
    this.#servedMs = Math.max(this.#servedMs, job.lane.servedMs);
    job.lane.servedMs += costMs;
    this.#options.pool.scan({ spans, queries }).then(
      (outcome) => {
        this.#learn(kind, { outcome, work: rows * queries.length });
        for (const [i, errand] of errands.entries()) this.#merge(errand, outcome, i);
        this.#endPiece(job);
      },
      (error) => {
        for (const errand of job.errands) this.#settle(errand, () => errand.reject(error));
        this.#dropPieces(job);
        this.#endPiece(job);
      },
    );
  }

  #dropPieces(job: Job): void {
    job.pieces.length = 0;
    if (job.lane.job === job) job.lane.job = undefined;
  }

  #learn(kind: 'fast' | 'exact', seen: { readonly outcome: ScanOutcome; readonly work: number }): void {
    if (seen.work < 4096) return;
    const rowNs = (seen.outcome.elapsedMs * 1e6) / seen.work;
    this.#rowNs[kind] += 0.1 * (rowNs - this.#rowNs[kind]);
  }

  #merge(errand: Errand, { hits }: ScanOutcome, i: number): void {
    const found = hits[i];
    if (!found || errand.settled) return;
    const { top, slot } = errand;
    errand.allowedRows += found.allowedRows;
    for (const [at, personNo] of found.persons.entries()) {
      top.offer(personNo, found.enrolments[at] as number, found.scores[at] as number);
    }
    this.#options.board.raiseBar(slot, top.bar);
  }

  #endPiece(job: Job): void {
    job.running--;
    if (job.running === 0 && job.pieces.length === 0) this.#endJob(job);
    this.pump();
  }

  #endJob(job: Job): void {
    for (const segment of job.segments) segment.endReading();
    for (const errand of job.errands) {
      const { top, allowedRows, slot } = errand;
      this.#settle(errand, () => errand.resolve({ top, allowedRows }));
      this.#options.board.freeSlot(slot);
    }
    const isQuiet = [...this.#lanes.values()].every(({ job: next, waiting }) => !next && waiting.length === 0);
    if (isQuiet) this.#lanes.clear();
  }

  #abort(lane: Lane, errand: Errand): void {
    if (errand.settled) return;
    this.#options.board.cancel(errand.slot);
    this.#settle(errand, () => errand.reject(errand.request.signal?.reason));
    const at = lane.waiting.indexOf(errand);
    if (at < 0) return;
    lane.waiting.splice(at, 1);
    this.#options.board.freeSlot(errand.slot);
  }

  #settle(errand: Errand, how: () => void): void {
    if (errand.settled) return;
    errand.settled = true;
    errand.request.signal?.removeEventListener('abort', errand.onAbort);
    if (!errand.request.background) this.#foreground--;
    how();
  }
}
