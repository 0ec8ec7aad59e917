// npm run bench:scale [-- --n 100k --queries 200]: the search inside PostgreSQL beside the one in memory, on the same
// templates in one run. The server is one that scripts/postgres-test.sh starts, with PostgreSQL's own settings.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { GalleryIndex, IndexRow } from '../src/core/ports.ts';
import { createGalleryIndex } from '../src/search/gallery-index.ts';
import { openDatabaseIndex } from '../src/search/postgres/postgres-index.ts';
import { printHeading, writeResults } from './report.ts';
import { syntheticPeople } from './synthetic-templates.ts';

const SEED = 20_260;
const DIMS = 512;
const GALLERY = 1;
const BATCH_ROWS = 5000;
/** As an identification asks that wants one person named: some more, for their means may change the order. */
const QUERY = { maxPersons: 9, minScore: 0.5 };
const TICK_MS = 10;

const { values: flags } = parseArgs({
  options: { n: { type: 'string', default: '1m' }, queries: { type: 'string', default: '200' } },
});
const n = Number(flags.n.replace(/k$/, '000').replace(/m$/, '000000'));
const server = process.env.KITH_TEST_POSTGRES;
if (server === undefined) throw new Error('KITH_TEST_POSTGRES names no server; npm run bench:scale starts one');

interface Figures {
  readonly way: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of processes that search, while one search after the other is made. */
  readonly cpuMs: number;
  readonly recallAt1: number;
  readonly exactAnswers: number;
}

printHeading(`The search in memory and inside PostgreSQL, ${n} templates of ${DIMS} dimensions`);
const people = syntheticPeople(SEED);
const rowOf = (i: number): IndexRow => ({ personNo: i + 1, enrolmentNo: i + 1, vector: people.template(i) });
const name = `kith_scale_${randomBytes(4).toString('hex')}`;
await asAdmin(`CREATE DATABASE ${name}`);
const url = new URL(server);
url.pathname = `/${name}`;
// One connection: then the processor time of its process is that of the searches
const pool = new pg.Pool({ connectionString: url.href, max: 1 });
pool.on('error', () => undefined);
try {
  await main();
} finally {
  await pool.end();
  await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
}

async function main(): Promise<void> {
  const queries = makeQueries(Number(flags.queries));
  const truth = queries.map(() => ({ personNo: 0, score: Number.NEGATIVE_INFINITY }));
  const memory = await createGalleryIndex();
  const database = await openDatabaseIndex({ pool, connections: 1, parallelWorkers: 0 });
  const load = { memoryS: 0, databaseS: 0 };
  for (let first = 0; first < n; first += BATCH_ROWS) {
    const rows = Array.from({ length: Math.min(BATCH_ROWS, n - first) }, (_, i) => rowOf(first + i));
    for (const [q, vector] of queries.entries()) keepBest(truth[q] as Best, vector, rows);
    load.memoryS += await seconds(() => memory.add(GALLERY, rows));
    load.databaseS += await seconds(() => database.add(GALLERY, rows));
  }
  load.databaseS += await seconds(() => pool.query('VACUUM ANALYZE'));
  const bytes = {
    memory: memory.stats().reservedBytes / n,
    database: (await database.stats()).reservedBytes / n,
  };
  await pool.query('SET max_parallel_workers_per_gather = 0');
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ownCpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
  const databaseCpu = (): number => cpuOf(rows[0]?.pid ?? 0);

  const figures: Figures[] = [];
  for (const exact of [false, true]) {
    const how = exact ? 'whole templates' : 'shortlist';
    const asked = { queries, truth, exact };
    figures.push(await measure(`memory, ${how}`, { index: memory, cpu: ownCpu, ...asked }));
    figures.push(await measure(`PostgreSQL, ${how}`, { index: database, cpu: databaseCpu, ...asked }));
  }
  console.table(figures);
  console.log('loaded', load, 'bytes a template', bytes);
  const path = writeResults('scale', { n, dims: DIMS, ...QUERY, queries: queries.length, load, bytes, figures });
  console.log(path);
  await memory.close();
}

/** Other photos of enrolled people, from all over the gallery. */
function makeQueries(count: number): Float32Array[] {
  const others = syntheticPeople(SEED);
  // The noise goes on from where the enrolled photos were taken
  for (let i = 0; i < 7; i++) others.template(i);
  return Array.from({ length: count }, (_, i) => others.template(Math.floor((n * (i + 0.5)) / count)));
}

interface Best {
  personNo: number;
  score: number;
}

function keepBest(best: Best, vector: Float32Array, rows: readonly IndexRow[]): void {
  for (const row of rows) {
    let score = 0;
    for (let i = 0; i < DIMS; i++) score += (vector[i] as number) * (row.vector[i] as number);
    if (score > best.score) Object.assign(best, { personNo: row.personNo, score });
  }
}

async function measure(
  way: string,
  of: {
    readonly index: GalleryIndex;
    readonly cpu: () => number;
    readonly queries: readonly Float32Array[];
    readonly truth: readonly Best[];
    readonly exact: boolean;
  },
): Promise<Figures> {
  const search = (vector: Float32Array) => of.index.search(GALLERY, { ...QUERY, vector, exact: of.exact });
  for (const vector of of.queries.slice(0, 5)) await search(vector);
  const ms: number[] = [];
  const seen = { mated: 0, found: 0, exact: 0 };
  const cpuBefore = of.cpu();
  for (const [q, vector] of of.queries.entries()) {
    const startMs = performance.now();
    const answer = await search(vector);
    ms.push(performance.now() - startMs);
    if (answer.exact) seen.exact++;
    const best = of.truth[q] as Best;
    if (best.score < QUERY.minScore) continue;
    seen.mated++;
    if (answer.hits[0]?.personNo === best.personNo) seen.found++;
  }
  const cpuMs = (of.cpu() - cpuBefore) / of.queries.length;
  ms.sort((a, b) => a - b);
  const at = (share: number): number => ms[Math.floor(share * (ms.length - 1))] as number;
  const recallAt1 = seen.found / seen.mated;
  return { way, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs, recallAt1, exactAnswers: seen.exact };
}

/** Processor time of a process of this machine so far, ms; NaN where that can't be read. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server as string });
  await client.connect();
  await client.query(sql);
  await client.end();
}
