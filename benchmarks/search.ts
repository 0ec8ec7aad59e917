// npm run bench:search [-- --n 10k,100k,1m --engines kith,usearch --photos <folder> --minutes 25]: searching by
// template, side by side in one run. Peers are installed by `npm --prefix benchmarks install`.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { currentCommit, describeMachine, printHeading, writeResults } from './report.ts';
import { DIMS, ROW_BYTES, readQueries, writeGallery, writeQueries, writeTruth } from './search/dataset.ts';
import { ENGINES } from './search/engines.ts';
import type { Job, Outcome } from './search/measure.ts';
import { readRealTemplates } from './search/real-templates.ts';
import {
  filterTableOf,
  type Measured,
  plotOf,
  rowsOf,
  shortCount,
  significant,
  tableOf,
} from './search/report-search.ts';
import { streamingLimit } from './search/streaming-limit.ts';
import { findTruth } from './search/truth.ts';
import { measureWeakMates } from './search/weak-mates.ts';

const SEED = 20_260;
const REAL_PACK = 'fast';
/** Where only Kith goes. */
const KITH_ONLY_ABOVE = 1_000_000;
/** What each peer may take to load, at most; a larger size it would need longer for is left out and said so. */
const MAX_LOAD_S = 150;
const MAX_SEARCH_S = { kith: 30, peer: 10 };
/** Rows of which the rest are left out when the time is nearly up. */
const RESERVE_S = 90;

const { values: flags } = parseArgs({
  options: {
    n: { type: 'string', default: '10k,100k,1m' },
    engines: { type: 'string', default: Object.keys(ENGINES).join(',') },
    photos: { type: 'string' },
    minutes: { type: 'string', default: '25' },
    queries: { type: 'string', default: '1000' },
  },
});
const sizes = flags.n
  .split(',')
  .map(parseCount)
  .sort((a, b) => a - b);
const engines = flags.engines.split(',');
const queryCount = Number(flags.queries);
const endMs = performance.now() + Number(flags.minutes) * 60_000;
const secondsLeft = (): number => (endMs - performance.now()) / 1000;

printHeading(`Search among ${sizes.map(shortCount).join(', ')} templates of ${DIMS} dimensions`);
const folder = mkdtempSync(join(tmpdir(), 'kith-search-bench-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const streamingGBs = await streamingLimit();
  console.log(`all threads together read ${streamingGBs.toFixed(1)} GB/s from memory`);
  const largest = Math.max(...sizes);
  const real = flags.photos ? await readRealTemplates(flags.photos, REAL_PACK) : undefined;
  if (real) console.log(`${real.enrolled.length} real people enrolled, ${real.probes.length} other photos of theirs`);
  writeGallery({ folder, rows: largest, seed: SEED, ...(real ? { real } : {}) });

  const measured: Measured[] = [];
  for (const n of sizes) {
    const nonMated = Math.ceil(queryCount / 4);
    writeQueries({ folder, rows: n, seed: SEED, mated: queryCount, nonMated, ...(real ? { real } : {}) });
    writeTruth(folder, n, await findTruth(folder, n, readQueries(folder, n)));
    console.log(
      `\n${shortCount(n)} templates; the 64-bit scan's answers are known (${Math.round(secondsLeft())} s left)`,
    );
    for (const engine of engines) measured.push({ engine, n, dims: DIMS, outcome: await measure(engine, n) });
  }
  const weak = await measureWeakMates(folder, Math.min(largest, KITH_ONLY_ABOVE), queryCount);
  report({ measured, weak, streamingGBs });
}

async function measure(engine: string, n: number): Promise<Outcome> {
  const isKith = engine.startsWith('kith');
  let outcome: Outcome;
  if (!isKith && n > KITH_ONLY_ABOVE) outcome = { refused: 'not tried at this size' };
  else if (!isKith && secondsLeft() < RESERVE_S) outcome = { refused: 'left out: the time was up' };
  else {
    const ownFolder = join(folder, `${engine.replace(/\W/g, '-')}-${n}`);
    mkdirSync(ownFolder);
    outcome = await runJob({
      engine,
      rows: n,
      dims: DIMS,
      dataFolder: folder,
      ownFolder,
      maxLoadS: isKith ? 600 : Math.min(MAX_LOAD_S, secondsLeft() / 2),
      maxSearchS: isKith ? MAX_SEARCH_S.kith : MAX_SEARCH_S.peer,
      filters: true,
    });
    rmSync(ownFolder, { recursive: true, force: true });
  }
  console.log(`  ${engine}: ${'figures' in outcome ? summary(outcome) : outcome.refused}`);
  return outcome;
}

function summary({ figures }: Extract<Outcome, { figures: unknown }>): string {
  const { loadS, p50Ms, p99Ms, qps, recallAt1, recallAt10 } = figures;
  return (
    `loaded in ${loadS.toFixed(1)} s, p50 ${significant(p50Ms)} ms, p99 ${significant(p99Ms)} ms, ` +
    `${significant(qps)} a second, recall ${(100 * recallAt1).toFixed(2)} / ${(100 * recallAt10).toFixed(2)} %`
  );
}

function runJob(job: Job): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL('./search/measure.ts', import.meta.url)), [JSON.stringify(job)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    child.stderr?.on('data', (text) => {
      complaint = `${complaint}${text}`.slice(-500);
    });
    let outcome: Outcome | undefined;
    child.on('message', (message) => {
      outcome = message as Outcome;
    });
    const killer = setTimeout(() => child.kill('SIGKILL'), (job.maxLoadS + 120) * 1000);
    child.on('close', (code, signal) => {
      clearTimeout(killer);
      resolve(outcome ?? { refused: `its process ended with ${signal ?? code} ${complaint}` });
    });
  });
}

function report(found: {
  readonly measured: readonly Measured[];
  readonly weak: Awaited<ReturnType<typeof measureWeakMates>>;
  readonly streamingGBs: number;
}): void {
  const { measured, weak, streamingGBs } = found;
  const rows = rowsOf(measured);
  const limits = rows
    .filter(({ engine }) => engine.startsWith('kith'))
    .map(({ engine, n, p50Ms }) => {
      // Reading every 8-bit template once is the least that a scan of whole templates takes
      const readAllMs = (n * DIMS) / 1e6 / streamingGBs;
      return { engine, n, p50Ms, readAllMs, ratio: Number((p50Ms / readAllMs).toPrecision(3)) };
    });
  const details = measured.map(({ engine, n, outcome }) => ({ engine, n, ...outcome }));
  const heading = `Median time of a search, ${DIMS} dimensions, ${describeMachine().cores} cores`;
  const weakTable = [
    '| cosine of the mate, and just below it the least score asked for | found | of | p50, ms |',
    '|---|--:|--:|--:|',
    ...weak.weakMates.map(
      ({ cosine, found: mates, searches, p50Ms }) => `| ${cosine} | ${mates} | ${searches} | ${significant(p50Ms)} |`,
    ),
  ].join('\n');
  const limitLines = limits.map(
    ({ engine, n, p50Ms, readAllMs, ratio }) =>
      `${engine} at ${shortCount(n)}: ${significant(p50Ms)} ms, ${ratio} of the ${significant(readAllMs)} ms that ` +
      'reading every 8-bit template takes',
  );
  const realLines = measured.flatMap(({ engine, n, outcome }) => {
    if (!('figures' in outcome) || !outcome.figures.real) return [];
    const { probes, recallAt1, rank1 } = outcome.figures.real;
    const [recall, named] = [recallAt1, rank1].map((share) => (100 * share).toFixed(2));
    return [`${engine} at ${shortCount(n)}: ${probes} real photos, recall@1 ${recall} %, rank 1 ${named} %`];
  });
  const markdown = [
    tableOf(measured),
    filterTableOf(measured),
    weakTable,
    limitLines.join('  \n'),
    realLines.join('  \n'),
    '',
  ].join('\n\n');
  console.log(`\n${markdown}`);
  const path = writeResults('search', {
    date: new Date().toISOString(),
    streamingGBs: Number(streamingGBs.toPrecision(4)),
    rows,
    limits,
    ...weak,
    details,
    bytesOfAVector: ROW_BYTES,
  });
  const beside = (extension: string): string => path.replace(/json$/, extension);
  writeFileSync(
    beside('md'),
    `${heading}, commit ${currentCommit()}, reading ${streamingGBs.toFixed(1)} GB/s.\n\n${markdown}`,
  );
  writeFileSync(beside('svg'), plotOf(measured, heading));
  console.log(`written to ${path}, .md and .svg`);
}

function parseCount(text: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)([km]?)$/i.exec(text.trim()) ?? [];
  const count = Number(digits) * (unit.toLowerCase() === 'm' ? 1e6 : unit.toLowerCase() === 'k' ? 1e3 : 1);
  if (!(count >= 1000)) throw new Error(`"${text}" is no gallery size of a thousand or more, such as 10k or 1m`);
  return count;
}
