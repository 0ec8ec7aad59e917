// One engine at one size, in a process of its own: `tsx measure.ts <json>`; the figures go to the parent.
import { galleryBatches, type Query, readQueries, readTruth } from './dataset.ts';
import type { BenchEngine } from './engine.ts';
import { ENGINES } from './engines.ts';
import { NEAREST } from './truth.ts';

export interface Job {
  readonly engine: string;
  readonly rows: number;
  readonly dims: number;
  /** With the gallery and the queries. */
  readonly dataFolder: string;
  /** For the engine's own files. */
  readonly ownFolder: string;
  /** Seconds that loading may take; an engine that would need longer is left out at this size. */
  readonly maxLoadS: number;
  readonly maxSearchS: number;
  readonly filters: boolean;
}

export interface Figures {
  readonly settings: string;
  readonly loadS: number;
  readonly bytesPerTemplate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly qps: number;
  /** Of searches whose mate is the first of the 64-bit scan, the share that finds it first. */
  readonly recallAt1: number;
  /** Of the 64-bit scan's first ten, strangers too, how many are found. */
  readonly recallAt10: number;
  /** `outranked`: mated searches left out of `recallAt1`, because a stranger comes before the mate in the 64-bit scan. */
  readonly queries: { readonly timed: number; readonly mated: number; readonly outranked: number };
  readonly nonMatedRecallAt10?: number;
  readonly real?: { readonly probes: number; readonly recallAt1: number; readonly rank1: number };
  readonly filters?: readonly FilterFigure[];
  readonly change?: { readonly addUnderLoadMs: number; readonly removeMs: number };
}

export interface FilterFigure {
  readonly share: number;
  readonly p50Ms: number;
  readonly recallAt1?: number;
}

export type Outcome = { readonly figures: Figures } | { readonly refused: string };

const CONCURRENT = 16;
const SATURATED_MS = 4000;
const FILTER_SHARES = [0.0001, 0.01, 0.1, 0.5];

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const outcome = await run(job).catch((error: unknown) => ({ refused: String(error) }));
process.send?.(outcome, () => process.exit(0));

async function run({ engine: name, rows, dims, ownFolder, maxLoadS, ...options }: Job): Promise<Outcome> {
  const entry = ENGINES[name];
  if (!entry) return { refused: 'there is no such engine' };
  const queries = readQueries(options.dataFolder, rows);
  const engine = await entry.open({ rows, dims, folder: ownFolder, dataFolder: options.dataFolder });
  const loaded = await load(engine, { rows, folder: options.dataFolder, maxLoadS });
  if ('refused' in loaded) return loaded;

  const timed = await timeAlone(engine, queries, options.maxSearchS);
  const qps = entry.parallel ? await saturate(engine, queries) : 1000 / timed.meanMs;
  const filters =
    options.filters && engine.searchAmong ? await timeFilters(engine, queries, { rows, maxMs: 4000 }) : [];
  const change = await timeChange(engine, queries, { rows, parallel: entry.parallel });
  await engine.close();
  return {
    figures: {
      settings: engine.settings,
      ...loaded,
      p50Ms: quantile(timed.ms, 0.5),
      p99Ms: quantile(timed.ms, 0.99),
      qps,
      ...judge(queries, timed.answers, readTruth(options.dataFolder, rows)?.nearest),
      ...(filters.length > 0 ? { filters } : {}),
      ...(change ? { change } : {}),
    },
  };
}

async function load(
  engine: BenchEngine,
  { rows, folder, maxLoadS }: { readonly rows: number; readonly folder: string; readonly maxLoadS: number },
): Promise<{ loadS: number; bytesPerTemplate: number } | { refused: string }> {
  const rssBefore = settledRss();
  let loadMs = 0;
  for (const { first, vectors } of galleryBatches(folder, rows)) {
    const startMs = performance.now();
    await engine.add(first, vectors);
    loadMs += performance.now() - startMs;
    const expectedS = ((loadMs / 1000) * rows) / (first + vectors.length);
    if (expectedS > maxLoadS && loadMs > 20_000) {
      return { refused: `would take at least ${Math.round(expectedS / 60)} minutes to load` };
    }
  }
  const startMs = performance.now();
  await engine.finish?.();
  loadMs += performance.now() - startMs;
  return { loadS: loadMs / 1000, bytesPerTemplate: (settledRss() - rssBefore) / rows };
}

function settledRss(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

async function timeAlone(engine: BenchEngine, queries: readonly Query[], maxS: number) {
  for (const { vector } of queries.slice(0, 5)) await engine.search(vector, NEAREST);
  const ms: number[] = [];
  const answers: (readonly number[])[] = [];
  const endMs = performance.now() + maxS * 1000;
  // Evenly over all kinds of queries, however few there is time for
  const order = queries.map((_, i) => (i * 37) % queries.length);
  for (const i of new Set(order)) {
    if (performance.now() > endMs && ms.length >= 20) break;
    const startMs = performance.now();
    answers[i] = await engine.search((queries[i] as Query).vector, NEAREST);
    ms.push(performance.now() - startMs);
  }
  return { ms, answers, meanMs: ms.reduce((sum, value) => sum + value, 0) / ms.length };
}

async function saturate(engine: BenchEngine, queries: readonly Query[]): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  const goOn = async (worker: number): Promise<void> => {
    for (let i = worker; performance.now() - startMs < SATURATED_MS; i += CONCURRENT) {
      await engine.search((queries[i % queries.length] as Query).vector, NEAREST);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, (_, worker) => goOn(worker)));
  return done / ((performance.now() - startMs) / 1000);
}

async function timeFilters(
  engine: BenchEngine,
  queries: readonly Query[],
  { rows, maxMs }: { readonly rows: number; readonly maxMs: number },
): Promise<FilterFigure[]> {
  const mated = queries.filter(({ kind }) => kind === 'mated');
  const figures: FilterFigure[] = [];
  for (const share of FILTER_SHARES) {
    const every = Math.round(1 / share);
    const ms: number[] = [];
    let found = 0;
    const endMs = performance.now() + maxMs;
    for (const { vector, mateRow } of mated) {
      if (ms.length >= 5 && performance.now() > endMs) break;
      // A list of its own for each query, with the mate in it: nothing can be remembered from the last one
      const shift = mateRow % every;
      const allowed = Uint32Array.from({ length: Math.ceil((rows - shift) / every) }, (_, i) => i * every + shift);
      const startMs = performance.now();
      const answer = await engine.searchAmong?.(vector, NEAREST, allowed);
      ms.push(performance.now() - startMs);
      if (answer?.[0] === mateRow) found++;
    }
    figures.push({ share, p50Ms: quantile(ms, 0.5), recallAt1: found / ms.length });
  }
  return figures;
}

/** How long a new row takes to be acknowledged while searches run, and one to be removed; both must then be true. */
async function timeChange(
  engine: BenchEngine,
  queries: readonly Query[],
  { rows, parallel }: { readonly rows: number; readonly parallel: boolean },
): Promise<Figures['change']> {
  if (!engine.remove || !parallel) return undefined;
  let running = true;
  const load = Array.from({ length: CONCURRENT }, async (_, worker) => {
    for (let i = worker; running; i += CONCURRENT) {
      await engine.search((queries[i % queries.length] as Query).vector, NEAREST);
    }
  });
  const adds: number[] = [];
  const removes: number[] = [];
  const stranger = queries.find(({ kind }) => kind === 'non-mated') as Query;
  for (let i = 0; i < 10; i++) {
    let startMs = performance.now();
    await engine.add(rows + i, [stranger.vector]);
    adds.push(performance.now() - startMs);
    if ((await engine.search(stranger.vector, 1))[0] !== rows + i) throw new Error('an added row is not found');
    startMs = performance.now();
    await engine.remove(rows + i);
    removes.push(performance.now() - startMs);
    if ((await engine.search(stranger.vector, 1))[0] === rows + i) throw new Error('a removed row is found');
  }
  running = false;
  await Promise.all(load);
  return { addUnderLoadMs: quantile(adds, 0.5), removeMs: quantile(removes, 0.5) };
}

function judge(
  queries: readonly Query[],
  answers: readonly (readonly number[])[],
  nearest: readonly (readonly number[])[] | undefined,
) {
  const recall = (kind: Query['kind']) => {
    let asked = 0;
    let outranked = 0;
    let first = 0;
    let ofTen = 0;
    let named = 0;
    for (const [i, query] of queries.entries()) {
      const answer = answers[i];
      const truth = nearest?.[i];
      if (query.kind !== kind || !answer || !truth) continue;
      asked++;
      if (truth[0] !== query.mateRow) outranked++;
      else if (answer[0] === query.mateRow) first++;
      if (answer[0] === query.mateRow) named++;
      ofTen += truth.filter((row) => answer.includes(row)).length / truth.length;
    }
    return { asked, outranked, at1: first / (asked - outranked), at10: ofTen / asked, rank1: named / asked };
  };
  const mated = recall('mated');
  const nonMated = recall('non-mated');
  const real = recall('real');
  return {
    recallAt1: mated.at1,
    recallAt10: mated.at10,
    queries: { timed: answers.filter(Boolean).length, mated: mated.asked, outranked: mated.outranked },
    ...(nonMated.asked > 0 ? { nonMatedRecallAt10: nonMated.at10 } : {}),
    ...(real.asked > 0 ? { real: { probes: real.asked, recallAt1: real.at1, rank1: real.rank1 } } : {}),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
