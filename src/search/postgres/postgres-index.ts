import { setTimeout as delay } from 'node:timers/promises';
import type {
  GalleryIndex,
  GallerySize,
  IndexRow,
  IndexStats,
  NeighboursQuery,
  SearchQuery,
} from '../../core/ports.ts';
import { paddedDims } from '../layout.ts';
import { allNeighbours } from './all-neighbours.ts';
import { blocksOf } from './blocks.ts';
import { Errands } from './errands.ts';
import { DatabaseSearch } from './gallery-search.ts';
import { GalleryWriter } from './gallery-writer.ts';
import { packGalleries } from './packing.ts';
import { createSchema, dimsOfTables, FILLING_LOCK, GALLERIES, REMOVALS, STATE, tableOf } from './schema.ts';
import { type Connections, inTransaction, type Query } from './transactions.ts';

const MAX_QUEUED = 1024;
const EXACT_ROWS = 8192;
const PARALLEL_WORKERS = 8;
/** Numbers for a metrics page are read at most so often. */
const STATS_KEPT_MS = 100;
const FORGET_EVERY_MS = 3_600_000;
const DEFAULT_CONNECTIONS = 10;
const FILLING_PAUSE_MS = 500;

export interface DatabaseIndexOptions {
  /** Of the search alone, so that a store's transactions never wait for a search. Closed by whoever made it. */
  readonly pool: Connections;
  /** How many there are; 10 when omitted. */
  readonly connections?: number;
  /** Searches that may wait before more are refused as busy. */
  readonly maxQueued?: number;
  /** Galleries up to so many rows are compared exactly; 8192 when omitted. */
  readonly exactRows?: number;
  /** Processes of the database beside its own that one search may use; 8 when omitted, as far as the database has them. */
  readonly parallelWorkers?: number;
}

/** An index that lives in a database and that several nodes fill and search, so none needs the templates in memory. */
export interface SharedGalleryIndex extends GalleryIndex {
  size(galleryNo: number): Promise<GallerySize>;
  stats(): Promise<IndexStats>;
  /** The store's change up to which some node has filled it; undefined while it was never filled whole. */
  followedChangeNo(): Promise<number | undefined>;
  /** Says that all changes up to this one are in it. A lower number than it has changes nothing. */
  noteFollowed(changeNo: number): Promise<void>;
  /**
   * Lets one node fill it from the beginning, emptied, while others wait and searches are refused until that succeeds; not
   * at all where that was done. `fill` answers the store's change up to which it went; so does this.
   */
  fillOnce(fill: () => Promise<number>): Promise<number>;
  /** The store was put back to an older state than this: it is to be filled anew, unless another node has begun to. */
  forgetFollowed(changeNo: number): Promise<void>;
}

/** Opens the index in a database with pgvector; makes its tables where they aren't there. */
export async function openDatabaseIndex(options: DatabaseIndexOptions): Promise<SharedGalleryIndex> {
  const path = await inTransaction(options.pool, { begin: 'BEGIN' }, createSchema);
  await packGalleries(options.pool, path);
  return new DatabaseIndex(options, path);
}

class DatabaseIndex implements SharedGalleryIndex {
  readonly #pool: Connections;
  readonly #path: string;
  readonly #errands: Errands;
  readonly #search: DatabaseSearch;
  readonly #writer: GalleryWriter;
  readonly #connections: number;
  #stored: { readonly atMs: number; readonly read: Promise<StoredStats> } | undefined;
  #forgotMs = performance.now();

  constructor(options: DatabaseIndexOptions, path: string) {
    const { pool, maxQueued = MAX_QUEUED, exactRows = EXACT_ROWS, parallelWorkers = PARALLEL_WORKERS } = options;
    this.#pool = pool;
    this.#path = path;
    this.#connections = options.connections ?? DEFAULT_CONNECTIONS;
    this.#errands = new Errands({ maxQueued, atOnce: this.#connections });
    this.#search = new DatabaseSearch({ pool, path, errands: this.#errands, exactRows, parallelWorkers });
    this.#writer = new GalleryWriter(pool, path);
  }

  async add(galleryNo: number, rows: readonly IndexRow[], changeNo?: number): Promise<void> {
    if (rows.length > 0) await this.#writer.add(galleryNo, rows, changeNo);
  }

  async remove(galleryNo: number, enrolmentNos: readonly number[], changeNos?: readonly number[]): Promise<void> {
    if (enrolmentNos.length > 0) await this.#writer.remove(galleryNo, enrolmentNos, changeNos);
    if (performance.now() - this.#forgotMs < FORGET_EVERY_MS) return;
    this.#forgotMs = performance.now();
    await this.#writer.forgetOldRemovals();
  }

  removeGallery(galleryNo: number, changeNo?: number): Promise<void> {
    return this.#writer.removeGallery(galleryNo, changeNo);
  }

  search(galleryNo: number, query: SearchQuery, signal?: AbortSignal) {
    return this.#search.search(galleryNo, query, signal);
  }

  allNeighbours(galleryNo: number, query: NeighboursQuery, signal?: AbortSignal) {
    const parts = { pool: this.#pool, search: this.#search, errands: this.#errands };
    return allNeighbours(parts, galleryNo, { query, signal });
  }

  async size(galleryNo: number): Promise<GallerySize> {
    const [row] = await this.#read<{ enrolments: string; persons: string }>(
      `SELECT enrolments, persons FROM ${GALLERIES} WHERE gallery_no = $1`,
      [galleryNo],
    );
    return { enrolments: Number(row?.enrolments ?? 0), persons: Number(row?.persons ?? 0) };
  }

  async stats(): Promise<IndexStats> {
    const stored = await this.#readStats();
    return {
      ...stored,
      threads: this.#connections,
      kernel: 'database',
      searches: this.#search.searches,
      queued: this.#errands.queued,
      refusedBusy: this.#errands.refusedBusy,
      recall: this.#search.recall.stats(),
    };
  }

  async followedChangeNo(): Promise<number | undefined> {
    const [row] = await this.#read<{ no: string | null }>(`SELECT followed_change_no AS no FROM ${STATE}`);
    return row?.no == null ? undefined : Number(row.no);
  }

  async noteFollowed(changeNo: number): Promise<void> {
    // Who has followed doesn't say that another's filling has ended
    await this.#noteWhere(changeNo, '(NOT filling AND followed_change_no IS NULL OR followed_change_no < $1)');
  }

  async #noteWhere(changeNo: number, condition: string): Promise<void> {
    await this.#write((query) =>
      query(`UPDATE ${STATE} SET followed_change_no = $1, filling = false WHERE ${condition}`, [changeNo]),
    );
  }

  async fillOnce(fill: () => Promise<number>): Promise<number> {
    for (;;) {
      const followedNo = await this.followedChangeNo();
      if (followedNo !== undefined) return followedNo;
      const filledNo = await this.#alone(async () => {
        const since = await this.followedChangeNo();
        if (since !== undefined) return since;
        await this.#empty();
        const changeNo = await fill();
        await this.#noteWhere(changeNo, 'followed_change_no IS NULL OR followed_change_no < $1');
        return changeNo;
      });
      if (filledNo !== undefined) return filledNo;
      await delay(FILLING_PAUSE_MS);
    }
  }

  async forgetFollowed(changeNo: number): Promise<void> {
    await this.#write((query) =>
      query(`UPDATE ${STATE} SET followed_change_no = NULL WHERE followed_change_no = $1`, [changeNo]),
    );
  }

  /** Runs `work` unless another node is at it; the lock is its connection's, and goes with it. */
  async #alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    const client = await this.#pool.connect();
    const onError = (): void => undefined;
    client.on('error', onError);
    try {
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS got', [FILLING_LOCK]);
      return rows[0]?.got ? await work() : undefined;
    } finally {
      client.off('error', onError);
      client.release(true);
    }
  }

  async #empty(): Promise<void> {
    await this.#write(async (query) => {
      const tables = [GALLERIES, REMOVALS];
      for (const dims of await dimsOfTables(query)) tables.push(tableOf(dims));
      await query(`TRUNCATE ${tables.join(', ')}`);
      // Counts while nothing was followed: an older node that fills after this one died doesn't know it
      await query(`UPDATE ${STATE} SET filling = true`);
    });
  }

  /** The pool stays open: it belongs to whoever made it. */
  async close(): Promise<void> {}

  #readStats(): Promise<StoredStats> {
    const now = performance.now();
    if (!this.#stored || now - this.#stored.atMs > STATS_KEPT_MS) {
      const read = inTransaction(this.#pool, { begin: `BEGIN READ ONLY; ${this.#path}` }, readStoredStats);
      // An outage is told to who asks, and looked at again by who asks next
      read.catch(() => {
        this.#stored = undefined;
      });
      this.#stored = { atMs: now, read };
    }
    return this.#stored.read;
  }

  #read<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return inTransaction(this.#pool, { begin: `BEGIN READ ONLY; ${this.#path}` }, (query) => query<Row>(sql, values));
  }

  async #write(work: (query: Query) => Promise<unknown>): Promise<void> {
    await inTransaction(this.#pool, { begin: `BEGIN; ${this.#path}` }, work);
    this.#stored = undefined;
  }
}

type StoredStats = Pick<IndexStats, 'galleries' | 'enrolments' | 'reservedBytes' | 'liveBytes'>;

async function readStoredStats(query: Query): Promise<StoredStats> {
  const galleries = await query<{ dims: number; galleries: string; enrolments: string }>(
    `SELECT dims, count(*) AS galleries, sum(enrolments) AS enrolments FROM ${GALLERIES} WHERE enrolments > 0 GROUP BY dims`,
  );
  const sum = (of: (row: (typeof galleries)[number]) => number): number =>
    galleries.reduce((all, row) => all + of(row), 0);
  const dims = await dimsOfTables(query);
  const tables = dims
    .flatMap((each) => [tableOf(each), blocksOf(each)])
    .map((name) => `pg_total_relation_size(to_regclass('${name}'))`);
  const [size] = await query<{ bytes: string }>(
    `SELECT ${['0::bigint', ...tables.map((size) => `coalesce(${size}, 0)`)].join(' + ')} AS bytes`,
  );
  return {
    galleries: sum((row) => Number(row.galleries)),
    enrolments: sum((row) => Number(row.enrolments)),
    reservedBytes: Number(size?.bytes),
    // 16 bits, a sign, and a level for each dimension
    liveBytes: sum((row) => Number(row.enrolments) * paddedDims(row.dims) * (2 + 1 / 8 + 2 / 8)),
  };
}
