import type { SearchHit, SearchQuery, SearchResult } from '../core/ports.ts';
import { AllowLists, isShort, type PickedRows, pickRows } from './allow-list.ts';
import type { ArenaPool } from './arena-pool.ts';
import { checkQuery } from './checks.ts';
import type { ControlBoard } from './control-board.ts';
import type { GalleryRows } from './gallery-rows.ts';
import type { PersonSet } from './person-set.ts';
import { type PreparedQuery, prepareQuery } from './prepared-query.ts';
import type { RecallMonitor } from './recall-monitor.ts';
import { Scanner } from './scanner.ts';
import type { ScanFindings, ScanRequest, Scheduler } from './scheduler.ts';
import { standsOut } from './sketch-bounds.ts';
import { TopPersons } from './top-persons.ts';

/** Up to so many rows the main thread scans them itself: 50 µs, less than a message there and back. */
export const INLINE_ROWS = 2048;
/** Up to so many rows sketches save nothing. */
export const EXACT_ROWS = 8192;
/** Picking a row costs as much as scanning four. */
const INLINE_SCANNED_PER_PICKED = 4;
/** When an enrolment of the answer was removed while the search ran, it is run again so often. */
const MAX_RERUNS = 2;

export interface GallerySearchParts {
  readonly arenas: ArenaPool;
  readonly board: ControlBoard;
  readonly scheduler: Scheduler;
  readonly recall: RecallMonitor;
  /** Galleries up to so many rows are scanned by the main thread. */
  readonly inlineRows: number;
  /** Galleries up to so many rows are scanned exactly. */
  readonly exactRows: number;
}

/** What is searched for, prepared. */
export interface Sought {
  readonly prepared: PreparedQuery;
  readonly maxPersons: number;
  readonly minScore: number;
  readonly exact: boolean;
  readonly allowed?: PersonSet;
  readonly exceptPersonNos?: readonly number[];
  readonly background: boolean;
  readonly signal?: AbortSignal;
}

export interface Found {
  readonly top: TopPersons;
  readonly searched: number;
  readonly exact: boolean;
}

/** Chooses how a search is made: here or in the threads, by sketches or exactly, over all rows or picked ones. */
export class GallerySearch {
  readonly #parts: GallerySearchParts;
  readonly #allowLists = new AllowLists();
  readonly #scanner: Scanner;
  searches = 0;

  constructor(parts: GallerySearchParts) {
    this.#parts = parts;
    this.#scanner = new Scanner((arenaNo) => parts.arenas.arenas[arenaNo] ?? parts.arenas.first, parts.board);
  }

  async search(
    galleryNo: number,
    rows: GalleryRows,
    options: { readonly query: SearchQuery; readonly signal: AbortSignal | undefined },
  ): Promise<SearchResult> {
    const { query, signal } = options;
    signal?.throwIfAborted();
    checkQuery(query, rows.vectorLength);
    this.searches++;
    const allowed = query.allowPersonNos && this.#allowLists.setOf(query.allowPersonNos);
    const sought: Sought = {
      prepared: prepareQuery(this.#parts.arenas.first, query.vector, rows.dims),
      maxPersons: Math.min(query.maxPersons, allowed?.count ?? rows.persons, rows.persons),
      // Below −1 by more than rounding can reach: "keeps all" means all
      minScore: query.minScore <= -1 ? -2 : query.minScore,
      exact: query.exact ?? false,
      ...(allowed ? { allowed } : {}),
      background: false,
      ...(signal ? { signal } : {}),
    };
    for (let run = 0; ; run++) {
      const { version } = rows;
      const found = await this.find(galleryNo, rows, sought);
      const hits = hitsOf(found.top);
      const live = hits.filter(({ enrolmentNo }) => rows.has(enrolmentNo));
      if (live.length < hits.length && run < MAX_RERUNS) continue;
      if (!found.exact) this.#sampleRecall(galleryNo, rows, { sought, found, version });
      const recall = found.exact ? 1 : this.#parts.recall.stats().estimate;
      return { hits: live, searched: found.searched, exact: found.exact, recall };
    }
  }

  async find(galleryNo: number, rows: GalleryRows, sought: Sought): Promise<Found> {
    if (sought.maxPersons < 1) return this.#findNobody(rows, sought);
    const { allowed } = sought;
    if (rows.enrolments <= this.#parts.inlineRows) return this.#findInline(rows, sought);
    if (allowed && isShort(allowed, rows)) return this.#findPicked(galleryNo, { rows, sought, allowed });

    const exact = sought.exact || rows.enrolments <= this.#parts.exactRows;
    const { version, enrolments } = rows;
    const knownCount = allowed && this.#allowLists.knownCount(allowed, rows);
    const countAllowed = allowed !== undefined && knownCount === undefined;
    const { top, allowedRows } = await this.#schedule(galleryNo, rows, { ...sought, exact, countAllowed });
    if (countAllowed) this.#allowLists.keepCount(allowed, { rows, version, count: allowedRows });
    return { top, exact, searched: allowed ? (knownCount ?? allowedRows) : enrolments };
  }

  #schedule(
    galleryNo: number,
    rows: GalleryRows,
    sought: Sought & { readonly countAllowed?: boolean; readonly spans?: ScanRequest['spans'] },
  ): Promise<ScanFindings> {
    const { background, signal, spans, ...query } = sought;
    return this.#parts.scheduler.run({
      galleryNo,
      rows,
      query: { ...query, margin: this.#parts.recall.margin },
      background,
      ...(signal ? { signal } : {}),
      ...(spans ? { spans } : {}),
    });
  }

  #findInline(rows: GalleryRows, sought: Sought): Found {
    const spans = rows.ranges().map(({ segment, from, to }) => ({ segment: segment.shared(), from, to }));
    return this.#scanInline(rows, { sought: { ...sought, countAllowed: true }, spans });
  }

  #scanInline(
    rows: GalleryRows,
    work: {
      readonly sought: Sought & { readonly countAllowed?: boolean };
      readonly spans: NonNullable<ScanRequest['spans']>;
    },
  ): Found {
    const { sought, spans } = work;
    const { board, recall } = this.#parts;
    const slot = board.takeSlot();
    if (slot === undefined) throw new Error('no slot was kept free for searches of the main thread');
    try {
      const { hits } = this.#scanner.scan({
        spans,
        queries: [{ ...sought, slot, exact: true, margin: recall.margin }],
      });
      const top = mergeHits(sought.maxPersons, hits);
      return { top, exact: true, searched: sought.allowed ? (hits[0]?.allowedRows ?? 0) : rows.enrolments };
    } finally {
      board.freeSlot(slot);
    }
  }

  async #findPicked(
    galleryNo: number,
    work: { readonly rows: GalleryRows; readonly sought: Sought; readonly allowed: PersonSet },
  ): Promise<Found> {
    const { rows, sought, allowed } = work;
    const picked: PickedRows = await pickRows(allowed, rows);
    const { allowed: _, ...query } = sought;
    try {
      if (picked.count * INLINE_SCANNED_PER_PICKED <= this.#parts.inlineRows) {
        return { ...this.#scanInline(rows, { sought: query, spans: picked.spans }), searched: picked.count };
      }
      const { top } = await this.#schedule(galleryNo, rows, { ...query, exact: true, spans: picked.spans });
      return { top, exact: true, searched: picked.count };
    } finally {
      picked.release();
    }
  }

  async #findNobody(rows: GalleryRows, { allowed }: Sought): Promise<Found> {
    const searched = allowed ? 0 : rows.enrolments;
    return { top: mergeHits(0, []), exact: true, searched };
  }

  /** Runs a search again as an exact scan, in idle time, when its turn has come. */
  #sampleRecall(
    galleryNo: number,
    rows: GalleryRows,
    seen: { readonly sought: Sought; readonly found: Found; readonly version: number },
  ): void {
    const { recall } = this.#parts;
    const { sought, found, version } = seen;
    if (!recall.takesSample()) return;
    const { signal: _, ...again } = sought;
    this.find(galleryNo, rows, { ...again, maxPersons: 1, exact: true, background: true }).then(
      (exact) => {
        const best = exact.top.scores[0] ?? -1;
        const { count, scores } = found.top;
        const lastScore = count === sought.maxPersons ? scores[count - 1] : undefined;
        const isMate = standsOut(best, { maxPersons: sought.maxPersons, lastScore, dims: rows.dims });
        const isJudgeable = rows.version === version && exact.top.count > 0 && isMate;
        const agreed = found.top.count > 0 && (found.top.scores[0] as number) >= best;
        recall.endSample(isJudgeable ? agreed : undefined);
      },
      () => recall.endSample(undefined),
    );
  }
}

function mergeHits(
  maxPersons: number,
  hits: readonly { readonly persons: Uint32Array; readonly enrolments: Uint32Array; readonly scores: Float32Array }[],
): TopPersons {
  const top = new TopPersons(maxPersons);
  for (const { persons, enrolments, scores } of hits) {
    for (const [i, personNo] of persons.entries()) {
      top.offer(personNo, enrolments[i] as number, scores[i] as number);
    }
  }
  return top;
}

function hitsOf({ persons, enrolments, scores, count }: TopPersons): SearchHit[] {
  return Array.from({ length: count }, (_, i) => ({
    personNo: persons[i] as number,
    enrolmentNo: enrolments[i] as number,
    score: scores[i] as number,
  }));
}
