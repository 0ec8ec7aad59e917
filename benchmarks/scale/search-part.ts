// The search inside PostgreSQL beside the one in memory: the same templates, the same questions, one run.
import pg from 'pg';
import type { GalleryIndex, IndexRow } from '../../src/core/ports.ts';
import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { openDatabaseIndex } from '../../src/search/postgres/postgres-index.ts';
import { syntheticPeople } from '../synthetic-templates.ts';
import { beginBulkLoad, checkAlike } from './bulk-load.ts';
import { cpuSecondsOf } from './process-usage.ts';
import { createScaleDatabase, type ScaleServer } from './scale-server.ts';

const SEED = 20_260;
const OTHER_PHOTOS = 20_261;
const DIMS = 512;
const GALLERY = 1;
const BATCH_ROWS = 5000;
/** Rows that are compared with all questions while they lie in the cache. */
const BLOCK_ROWS = 256;
const WARM_UP = 5;
/** As an identification asks that wants one person named: some more, for their means may change the order. */
const QUERY = { maxPersons: 9, minScore: 0.5 };

interface Best {
  personNo: number;
  score: number;
}

interface Question {
  readonly vector: Float32Array;
  readonly personNo: number;
  /** Who comes closest by 32-bit numbers, looked for in all templates. */
  readonly best: Best;
}

export interface SearchFigures {
  readonly way: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Of all processes that search, while one search after the other is made. */
  readonly cpuMs: number;
  /** Searches whose closest person has the wanted score that answered that person first. */
  readonly recallAt1: number;
  /** Of these, those that answered the person whose photo it is. */
  readonly ownPersonFirst: number;
  readonly exactAnswers: number;
}

export async function measureSearch(server: ScaleServer, of: { readonly n: number; readonly queries: number }) {
  const { n } = of;
  const database = await createScaleDatabase(server);
  // One connection: settings of a session hold for all that follows
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  pool.on('error', () => undefined);
  const memory = await createGalleryIndex();
  try {
    const alone = await openDatabaseIndex({ pool, connections: 1, parallelWorkers: 0 });
    const questions = askedOf(n, of.queries);
    const load = await fillBoth({ memory, database: alone, pool, url: database.url, server, n, questions });
    console.log(`loaded: ${JSON.stringify(load)}`);
    const bytes = { memory: memory.stats().reservedBytes / n, database: (await alone.stats()).reservedBytes / n };

    const ownCpuS = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
    const databaseCpuS = () => cpuSecondsOf(server.pid);
    const spread = await openDatabaseIndex({ pool, connections: 1 });
    const figures: SearchFigures[] = [];
    for (const exact of [false, true]) {
      const how = exact ? 'whole templates' : 'shortlist';
      const measureWay = async (name: string, index: GalleryIndex, cpuS: () => number) => {
        figures.push(await measure({ way: `${name}, ${how}`, index, cpuS, questions, exact }));
        console.log(JSON.stringify(figures.at(-1)));
      };
      await measureWay('memory', memory, ownCpuS);
      await pool.query('RESET max_parallel_workers_per_gather');
      await measureWay('PostgreSQL', spread, databaseCpuS);
      await pool.query('SET max_parallel_workers_per_gather = 0');
      await measureWay('PostgreSQL in one process', alone, databaseCpuS);
    }
    console.table(figures);
    return { n, dims: DIMS, ...QUERY, queries: questions.length, load, bytes, figures };
  } finally {
    await memory.close();
    await pool.end();
    await database.drop();
  }
}

async function fillBoth(into: {
  readonly memory: GalleryIndex;
  readonly database: GalleryIndex;
  readonly pool: pg.Pool;
  readonly url: string;
  readonly server: ScaleServer;
  readonly n: number;
  readonly questions: readonly Question[];
}) {
  const { memory, database, pool, url, server, n, questions } = into;
  const people = syntheticPeople(SEED);
  const rowsFrom = (first: number): IndexRow[] =>
    Array.from({ length: Math.min(BATCH_ROWS, n - first) }, (_, i) => {
      const no = first + i + 1;
      return { personNo: no, enrolmentNo: no, vector: people.template(first + i) };
    });
  const first = rowsFrom(0);
  const adapterS = await seconds(() => database.add(GALLERY, first));
  const psql = `${server.bin}/psql`;
  const copy = await beginBulkLoad(pool, { url, psql, galleryNo: GALLERY, dims: DIMS });
  let memoryS = 0;
  for (let from = 0; from < n; from += BATCH_ROWS) {
    const rows = from === 0 ? first : rowsFrom(from);
    for (let block = 0; block < rows.length; block += BLOCK_ROWS) {
      const some = rows.slice(block, block + BLOCK_ROWS);
      for (const question of questions) keepBest(question, some);
    }
    memoryS += await seconds(() => memory.add(GALLERY, rows));
    await copy.write(rows);
    if ((from + BATCH_ROWS) % 100_000 === 0) console.log(`  ${from + BATCH_ROWS} templates`);
  }
  const { copyS, indexS, packS } = await copy.finish();
  await checkAlike(pool, database, { galleryNo: GALLERY, rows: first });
  return { memoryS, copyS, indexS, packS, byAdapterPerS: first.length / adapterS };
}

/** Other photos of enrolled people, from all over the gallery. */
function askedOf(n: number, count: number): Question[] {
  const others = syntheticPeople(SEED, OTHER_PHOTOS);
  return Array.from({ length: count }, (_, i) => {
    const place = Math.floor((n * (i + 0.5)) / count);
    const best = { personNo: 0, score: Number.NEGATIVE_INFINITY };
    return { vector: others.template(place), personNo: place + 1, best };
  });
}

function keepBest({ vector, best }: Question, rows: readonly IndexRow[]): void {
  for (const row of rows) {
    const score = dot(vector, row.vector);
    if (score > best.score) Object.assign(best, { personNo: row.personNo, score });
  }
}

/** Four sums side by side: one would wait for itself. */
function dot(a: Float32Array, b: Float32Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < DIMS; i += 4) {
    s0 += (a[i] as number) * (b[i] as number);
    s1 += (a[i + 1] as number) * (b[i + 1] as number);
    s2 += (a[i + 2] as number) * (b[i + 2] as number);
    s3 += (a[i + 3] as number) * (b[i + 3] as number);
  }
  return s0 + s1 + (s2 + s3);
}

async function measure(of: {
  readonly way: string;
  readonly index: GalleryIndex;
  readonly cpuS: () => number;
  readonly questions: readonly Question[];
  readonly exact: boolean;
}): Promise<SearchFigures> {
  const { way, index, cpuS, questions, exact } = of;
  const search = (vector: Float32Array) => index.search(GALLERY, { ...QUERY, vector, exact });
  for (const { vector } of questions.slice(0, WARM_UP)) await search(vector);
  const ms: number[] = [];
  const seen = { mated: 0, found: 0, own: 0, exact: 0 };
  const cpuBeforeS = cpuS();
  for (const { vector, personNo, best } of questions) {
    const startMs = performance.now();
    const answer = await search(vector);
    ms.push(performance.now() - startMs);
    if (answer.exact) seen.exact++;
    if (best.score < QUERY.minScore) continue;
    seen.mated++;
    if (answer.hits[0]?.personNo === best.personNo) seen.found++;
    if (answer.hits[0]?.personNo === personNo) seen.own++;
  }
  const cpuMs = ((cpuS() - cpuBeforeS) * 1000) / questions.length;
  ms.sort((a, b) => a - b);
  const at = (share: number): number => ms[Math.floor(share * (ms.length - 1))] as number;
  return {
    way,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    cpuMs,
    recallAt1: seen.found / seen.mated,
    ownPersonFirst: seen.own / seen.mated,
    exactAnswers: seen.exact,
  };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}
