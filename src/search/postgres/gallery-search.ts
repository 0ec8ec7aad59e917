import type { SearchHit, SearchQuery, SearchResult } from '../../core/ports.ts';
import { checkQuery } from '../checks.ts';
import { paddedDims } from '../layout.ts';
import { RecallMonitor } from '../recall-monitor.ts';
import { rotateVector } from '../rotation.ts';
import { isLongList, sketchMargin } from '../sketch-bounds.ts';
import { TopPersons } from '../top-persons.ts';
import type { Errands } from './errands.ts';
import {
  closestAmong,
  closestOfAll,
  closestOfPicked,
  countAllowed,
  enrolmentsWithin,
  type GalleryState,
  personList,
  readGallery,
  type ScoredRow,
  type Sought,
} from './gallery-reader.ts';
import { levelReach, reachOfShare, shareWithin, standsOut } from './level-distance.ts';
import { ofGallery } from './schema.ts';
import { type Connections, inTransaction, type Query } from './transactions.ts';
import { halfVector, levelBits } from './wire-values.ts';

/** Looking up a row costs as much as comparing so many in a scan. */
const ROWS_SCANNED_PER_ROW_PICKED = 16;
/** Fewest rows of a first shortlist. */
const SHORTLIST = 256;
/** From so large a share of a gallery on, comparing all whole templates is no slower: one looked up costs thirty in a scan. */
const MAX_SHARE = 0.03;

export interface SearchParts {
  readonly pool: Connections;
  /** The setting that createSchema answers. */
  readonly path: string;
  readonly errands: Errands;
  /** Galleries up to so many rows are compared exactly. */
  readonly exactRows: number;
  /** Processes of the database that one search may use beside its own. */
  readonly parallelWorkers: number;
}

interface Asked {
  readonly vector: Float32Array;
  readonly maxPersons: number;
  readonly minScore: number;
  readonly exact: boolean;
  readonly allowPersonNos?: readonly number[] | Uint32Array;
  readonly exceptPersonNos?: readonly number[];
}

export interface Found {
  readonly top: TopPersons;
  readonly searched: number;
  readonly exact: boolean;
}

/** A question as the statements take it. */
interface Errand {
  readonly gallery: GalleryState;
  readonly sought: Sought;
  readonly allowed: { readonly buffer: Buffer; readonly count: number } | undefined;
  readonly asked: Asked;
}

/** Chooses how a search is made in the database: by whole templates, or by level codes first. */
export class DatabaseSearch {
  readonly recall = new RecallMonitor();
  readonly #parts: SearchParts;
  /** Counted rows of an allow-list, by the list's identity. */
  readonly #counts = new WeakMap<object, { readonly galleryNo: number; readonly version: number; count: number }>();
  searches = 0;

  constructor(parts: SearchParts) {
    this.#parts = parts;
  }

  async search(galleryNo: number, query: SearchQuery, signal: AbortSignal | undefined): Promise<SearchResult> {
    signal?.throwIfAborted();
    const { gallery, found } = await this.#parts.errands.run(signal, () => this.#ask(galleryNo, query, signal));
    this.searches++;
    if (!found.exact) this.#sampleRecall(query, gallery, found);
    const recall = found.exact ? 1 : this.recall.stats().estimate;
    return { hits: hitsOf(found.top), searched: found.searched, exact: found.exact, recall };
  }

  /** Closest of another person to a template as it is kept, within a transaction. */
  findKept(
    query: Query,
    gallery: GalleryState,
    kept: { readonly vector: Float32Array; readonly exceptPersonNos: readonly number[]; readonly minScore: number },
  ): Promise<Found> {
    const asked = { ...kept, maxPersons: 1, exact: false };
    return this.#find(query, this.#errandOf(gallery, { asked, rotated: kept.vector }));
  }

  /** Within a transaction that sees one state of the gallery all through. */
  async #find(query: Query, errand: Errand): Promise<Found> {
    const { allowed, asked, gallery, sought } = errand;
    if (gallery.enrolments === 0 || asked.maxPersons < 1 || allowed?.count === 0) {
      return { top: new TopPersons(0), searched: allowed ? 0 : gallery.enrolments, exact: true };
    }
    if (allowed && isShort(allowed.count, gallery)) return this.#findPicked(query, errand, allowed.buffer);
    const searched = allowed ? await this.#countOf(query, errand) : gallery.enrolments;
    const isExact = asked.exact || gallery.enrolments <= this.#parts.exactRows;
    const top = isExact ? undefined : await this.#findByCodes(query, errand);
    if (top) return { top, searched, exact: false };
    const exact = await collect(asked, (limit) => closestOfAll(query, sought, limit));
    return { top: exact, searched, exact: true };
  }

  async #ask(
    galleryNo: number,
    query: SearchQuery,
    signal: AbortSignal | undefined,
  ): Promise<{ gallery: GalleryState; found: Found }> {
    const asked = { ...query, exact: query.exact ?? false };
    return inTransaction(this.#parts.pool, { begin: this.begin(galleryNo, asked.exact), signal }, async (run) => {
      const gallery = await readGallery(run, galleryNo);
      if (gallery.enrolments > 0) checkQuery(query, gallery.vectorLength);
      const errand = this.#errandOf(gallery, { asked, rotated: rotateVector(query.vector) });
      return { gallery, found: await this.#find(run, errand) };
    });
  }

  /** Settings of a search: one state of all rows, and no compiling for a query of milliseconds. */
  begin(galleryNo: number, exact = false): string {
    const workers = this.#parts.parallelWorkers;
    // A shortlist is left to the planner: at a hundred thousand rows starting another process costs more than it saves
    const parallel = exact
      ? `; SET LOCAL max_parallel_workers_per_gather = ${workers}; SET LOCAL parallel_setup_cost = 100`
      : '';
    const settings = `${this.#parts.path}; ${ofGallery(galleryNo)}; SET LOCAL jit = off${parallel}`;
    return `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`;
  }

  #errandOf(gallery: GalleryState, of: { readonly asked: Asked; readonly rotated: Float32Array }): Errand {
    const { asked, rotated } = of;
    const allowed = asked.allowPersonNos && personList(asked.allowPersonNos);
    return {
      gallery,
      asked,
      allowed,
      sought: {
        galleryNo: gallery.galleryNo,
        dims: rotated.length,
        vector: halfVector(rotated),
        code: levelBits(rotated),
        ...(allowed ? { allowed: allowed.buffer } : {}),
        ...(asked.exceptPersonNos ? { exceptPersonNos: asked.exceptPersonNos } : {}),
      },
    };
  }

  async #findPicked(query: Query, { asked, sought }: Errand, allowed: Buffer): Promise<Found> {
    let searched = 0;
    const top = await collect(asked, async (limit) => {
      const picked = await closestOfPicked(query, { ...sought, allowed }, limit);
      searched = picked.count;
      return picked.rows;
    });
    return { top, searched, exact: true };
  }

  /**
   * Whoever may reach the wanted score, or the last place of the list, has a code that lies close enough: all of these are
   * compared whole. Undefined when they would be too many to save anything, or the gallery isn't packed yet.
   */
  async #findByCodes(query: Query, errand: Errand): Promise<TopPersons | undefined> {
    const { allowed, asked, gallery, sought } = errand;
    const { margin } = this.recall;
    const { dims } = sought;
    if (gallery.packedDims !== dims) return undefined;
    const wanted = asked.minScore > -1 ? levelReach(asked.minScore, margin, dims) : 2 * dims;
    if (shareWithin(wanted, dims) <= MAX_SHARE) return this.#collectWithin(query, errand, wanted);
    // The last of a long list is a stranger, who hardly lies above a score that was asked for
    if (asked.minScore > -1 && isLongList(asked.maxPersons)) return undefined;

    const wantedRows = Math.max(SHORTLIST, 8 * asked.maxPersons);
    const rows = gallery.enrolments * Math.min(1, allowed ? allowed.count / Math.max(1, gallery.persons) : 1);
    const first = reachOfShare(Math.min(MAX_SHARE, wantedRows / rows), dims);
    const shortlist = await this.#collectWithin(query, errand, first);
    if (!shortlist) return undefined;
    const bar = Math.max(asked.minScore, shortlist.bar);
    const reach = bar > -1 ? levelReach(bar, sketchMargin({ ...asked, margin }, bar), dims) : 2 * dims;
    if (reach <= first) return shortlist;
    if (shareWithin(reach, dims) > MAX_SHARE) return undefined;
    return this.#collectWithin(query, errand, reach);
  }

  /** Undefined when more lie within reach than is worth it: a gallery isn't made of strangers alone. */
  async #collectWithin(
    query: Query,
    { asked, gallery, sought }: Errand,
    reach: number,
  ): Promise<TopPersons | undefined> {
    const enrolmentNos = await enrolmentsWithin(query, sought, reach);
    if (enrolmentNos.length > Math.max(SHORTLIST, 2 * MAX_SHARE * gallery.enrolments)) return undefined;
    return collect(asked, (limit) => closestAmong(query, sought, { enrolmentNos, limit }));
  }

  /** Counting costs a scan: once for a list and a state of the gallery. */
  async #countOf(query: Query, { gallery, sought, asked }: Errand): Promise<number> {
    const list = asked.allowPersonNos as object;
    const { galleryNo, version } = gallery;
    const known = this.#counts.get(list);
    if (known?.galleryNo === galleryNo && known.version === version) return known.count;
    const count = await countAllowed(query, sought);
    this.#counts.set(list, { galleryNo, version, count });
    return count;
  }

  /** Runs a search again as an exact scan, when nothing else is to do and its turn has come. */
  #sampleRecall(query: SearchQuery, gallery: GalleryState, found: Found): void {
    if (!this.recall.takesSample()) return;
    const again = { ...query, maxPersons: 1, exact: true };
    this.#parts.errands
      .runIdle(() => this.#ask(gallery.galleryNo, again, undefined))
      .then(
        ({ gallery: now, found: { top } }) => {
          const best = top.scores[0] ?? -1;
          const { count, scores } = found.top;
          const lastScore = count === query.maxPersons ? scores[count - 1] : undefined;
          const dims = paddedDims(gallery.vectorLength);
          const isMate = standsOut(best, { maxPersons: query.maxPersons, lastScore, dims });
          const isJudgeable = now.version === gallery.version && top.count > 0 && isMate;
          const agreed = count > 0 && (scores[0] as number) >= best;
          this.recall.endSample(isJudgeable ? agreed : undefined);
        },
        () => this.recall.endSample(undefined),
      );
  }
}

/** Whether the allowed persons' rows are so few that each is better looked up than all rows scanned. */
function isShort(count: number, { enrolments, persons }: GalleryState): boolean {
  return count * (enrolments / Math.max(1, persons)) * ROWS_SCANNED_PER_ROW_PICKED <= enrolments;
}

/** Asks for as many rows as it takes to have as many persons as are wanted: one person may have many close enrolments. */
async function collect(asked: Asked, ask: (limit: number) => Promise<readonly ScoredRow[]>): Promise<TopPersons> {
  for (let limit = 32 + 4 * asked.maxPersons; ; limit *= 8) {
    const rows = await ask(limit);
    const top = offerAll(new TopPersons(asked.maxPersons), rows, asked.minScore);
    const isAll = rows.length < limit || (rows.at(-1)?.score ?? -1) < asked.minScore;
    if (isAll || top.count === asked.maxPersons) return top;
  }
}

function offerAll(top: TopPersons, rows: readonly ScoredRow[], minScore: number): TopPersons {
  // Rounding may take a score below −1: that keeps all
  const least = minScore <= -1 ? Number.NEGATIVE_INFINITY : minScore;
  for (const { personNo, enrolmentNo, score } of rows) if (score >= least) top.offer(personNo, enrolmentNo, score);
  return top;
}

function hitsOf({ persons, enrolments, scores, count }: TopPersons): SearchHit[] {
  return Array.from({ length: count }, (_, i) => ({
    personNo: persons[i] as number,
    enrolmentNo: enrolments[i] as number,
    score: scores[i] as number,
  }));
}
