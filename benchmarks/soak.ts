// npm run test:soak -- --minutes 20 [--overload 120]: the built service under a mixed load of 80 % of what it can take, then
// under ten times of what it can take: does memory stay flat, do files stay few, is every request answered, and does health
// answer at once all through? Linux only, as it looks into /proc.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { FACES, type FaceName, portraitOf } from '../tests/support/photos.ts';
import { printHeading, writeResults } from './report.ts';

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, overload: { type: 'string', default: '120' } },
});
const KEY = 'a-key-for-the-soak-that-is-long-enough';
const MEASURE_S = 20;
const LANES = 8;
const SHARE = 0.8;
const OVERLOAD = 10;
const SAMPLE_MS = 5000;
const HEALTH_MS = 100;
/** More than wait in the service at any time. */
const CONNECTIONS = 1024;
/** Faces of one person before somebody new is enrolled. */
const FACES_EACH = 20;

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly isWellFormed: boolean;
}

/** Who gets the next faces, and how many they have. */
let person = '';
let enrolled = 0;

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (!existsSync('/proc/self/status') || !existsSync(main))
  throw new Error('needs /proc, and a built service: npm run build');
printHeading('Soak');
const folder = mkdtempSync(join(tmpdir(), 'kith-soak-'));
const photos = await Promise.all((Object.keys(FACES) as FaceName[]).map((name) => portraitOf(name)));
const port = await freePort();
// Node's fetch takes more of the machine than the service under ten times its load
const client = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
const service = await start();
try {
  writeReport(await soak());
} finally {
  await client.destroy();
  service.kill('SIGTERM');
  await once(service, 'close');
  rmSync(folder, { recursive: true, force: true });
}

async function soak() {
  await send('PUT', '/v1/galleries/club', '{}');
  const health = watchHealth();
  const unloaded = await closedLoop(1);
  const perS = (await closedLoop(LANES)).length / MEASURE_S;
  console.log(
    `takes ${perS.toFixed(1)} requests a second; now ${(SHARE * perS).toFixed(1)} for ${flags.minutes} minutes`,
  );
  const usage = watchUsage();
  const steady = await offer(SHARE * perS, Number(flags.minutes) * 60);
  const { samples } = usage.stop();
  const before = samples.at(-1);
  console.log(
    `steady: p50 ${quantile(accepted(steady), 0.5).toFixed(0)}, p99 ${quantile(accepted(steady), 0.99).toFixed(0)} ms, ${JSON.stringify(countsOf(steady))}`,
  );
  console.log(`now ${(OVERLOAD * perS).toFixed(1)} for ${flags.overload} s`);
  const overloadUsage = watchUsage();
  const overload = await offer(OVERLOAD * perS, Number(flags.overload));
  const peak = Math.max(...overloadUsage.stop().samples.map(({ rssBytes }) => rssBytes));
  await pause(2000);
  const after = usageNow();
  return {
    perS,
    unloaded: {
      requests: unloaded.length,
      p50Ms: quantile(accepted(unloaded), 0.5),
      p99Ms: quantile(accepted(unloaded), 0.99),
    },
    steady: {
      ...countsOf(steady),
      p50Ms: quantile(accepted(steady), 0.5),
      p99Ms: quantile(accepted(steady), 0.99),
      p99MsByFifth: fifthsOf(steady).map((part) => quantile(accepted(part), 0.99)),
    },
    memory: slopeOf(samples.map(({ s, rssBytes }) => ({ x: s / 60, y: rssBytes / 1e6 }))),
    handles: { first: samples[0]?.handles, last: samples.at(-1)?.handles, afterOverload: after.handles },
    overload: {
      ...countsOf(overload),
      p50Ms: quantile(accepted(overload), 0.5),
      p99Ms: quantile(accepted(overload), 0.99),
      rssBeforeMB: (before?.rssBytes ?? 0) / 1e6,
      rssPeakMB: peak / 1e6,
      rssAfterMB: after.rssBytes / 1e6,
    },
    health: await health.stop(),
  };
}

/** Milliseconds of those that were not refused. */
function accepted(answers: readonly Answer[]): readonly number[] {
  return answers.filter(({ status }) => status < 300).map(({ ms }) => ms);
}

function fifthsOf<T>(all: readonly T[]): readonly T[][] {
  return [0, 1, 2, 3, 4].map((i) => all.slice((i * all.length) / 5, ((i + 1) * all.length) / 5));
}

/** Requests at a steady rate, whether earlier ones are answered or not; waits for all. */
async function offer(perS: number, seconds: number): Promise<readonly Answer[]> {
  const startMs = performance.now();
  const answers: Promise<Answer>[] = [];
  for (let i = 0; ; i++) {
    const dueMs = (i / perS) * 1000;
    if (dueMs > seconds * 1000) break;
    const waitMs = startMs + dueMs - performance.now();
    if (waitMs > 1) await pause(waitMs);
    answers.push(request(i));
  }
  return Promise.all(answers);
}

/** As many requests at a time as there are lanes. */
async function closedLoop(lanes: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const endMs = performance.now() + MEASURE_S * 1000;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let i = lane; performance.now() < endMs; i += lanes) answers.push(await request(i));
    }),
  );
  return answers;
}

/** Of ten: six identifications, two enrolments, one list, one person made or erased. */
async function request(i: number): Promise<Answer> {
  const photo = photos[i % photos.length] as Buffer;
  const people = '/v1/galleries/club/people';
  switch (i % 10) {
    case 2:
    case 7:
      if (person === '' || enrolled >= FACES_EACH) break;
      enrolled++;
      return send('POST', `${people}/${person}/faces?minQuality=low`, photo);
    case 4:
      return send('GET', `${people}?limit=100`);
    case 9: {
      const old = person;
      const made = await send('POST', people, '{"name":"Somebody"}', (json) => {
        person = json.personId ?? '';
        enrolled = 0;
      });
      if (old !== '') await send('DELETE', `${people}/${old}`);
      return made;
    }
  }
  return send('POST', '/v1/identify?gallery=club', photo);
}

async function send(
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: Buffer | string,
  onJson?: (json: { readonly personId?: string }) => void,
): Promise<Answer> {
  const startMs = performance.now();
  const response = await client
    .request({
      method,
      path,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/json' : 'image/jpeg' }),
      },
      ...(body === undefined ? {} : { body }),
    })
    .catch(() => undefined);
  if (!response) return { status: 0, ms: performance.now() - startMs, isWellFormed: false };
  const status = response.statusCode;
  const text = await response.body.text().catch(() => '');
  const isRefusal = status === 429 || status === 503;
  let isWellFormed = status < 500 || status === 503;
  try {
    const json = text === '' ? {} : JSON.parse(text);
    if (isRefusal) isWellFormed = response.headers['retry-after'] !== undefined && json.code !== undefined;
    if (status < 300) onJson?.(json);
  } catch {
    isWellFormed = false;
  }
  return { status, ms: performance.now() - startMs, isWellFormed };
}

/** In a thread of its own: what keeps the load's own thread busy is not the service's doing. */
function watchHealth() {
  const watcher = new Worker(new URL('./soak-health.mjs', import.meta.url), {
    workerData: { url: `http://127.0.0.1:${port}/health`, everyMs: HEALTH_MS },
  });
  return {
    async stop() {
      watcher.postMessage('stop');
      const [{ ms, failed }] = (await once(watcher, 'message')) as [{ readonly ms: number[]; readonly failed: number }];
      return { asked: ms.length + failed, failed, p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) };
    },
  };
}

interface Usage {
  readonly s: number;
  readonly rssBytes: number;
  readonly handles: number;
}

/** Of the service and its vision processes together. */
function usageNow(): Usage {
  let rssBytes = 0;
  let handles = 0;
  for (const pid of [service.pid, ...childrenOf(service.pid)]) {
    try {
      rssBytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
      handles += readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // Ended since it was listed
    }
  }
  return { s: performance.now() / 1000, rssBytes, handles };
}

function childrenOf(pid: number | undefined): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== ''),
  );
}

function watchUsage() {
  const samples: Usage[] = [];
  const timer = setInterval(() => samples.push(usageNow()), SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      // While it warms up, memory grows: the first fifth says nothing
      return { samples: samples.slice(Math.floor(samples.length / 5)) };
    },
  };
}

/** Least squares: MB a minute, and the standard error of that. */
function slopeOf(points: readonly { readonly x: number; readonly y: number }[]) {
  const n = points.length;
  const mean = (pick: (point: { x: number; y: number }) => number) => points.reduce((sum, p) => sum + pick(p), 0) / n;
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
  const sxx = points.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx;
  const rest = points.reduce((sum, { x, y }) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  return { samples: n, meanMB: my, slopeMBPerMinute: slope, standardError: Math.sqrt(rest / Math.max(1, n - 2) / sxx) };
}

function countsOf(answers: readonly Answer[]) {
  const byStatus: Record<string, number> = {};
  for (const { status } of answers) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const malformed = answers.filter(({ isWellFormed }) => !isWellFormed).length;
  return { requests: answers.length, byStatus, malformed };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function writeReport(figures: Awaited<ReturnType<typeof soak>>): void {
  const { unloaded, steady, memory, handles, overload, health } = figures;
  console.log(
    [
      `unloaded  p50 ${unloaded.p50Ms.toFixed(0)} ms, p99 ${unloaded.p99Ms.toFixed(0)} ms`,
      `steady    ${JSON.stringify(steady.byStatus)}, p50 ${steady.p50Ms.toFixed(0)} ms, p99 ${steady.p99Ms.toFixed(0)} ms, ` +
        `by fifths of the time ${steady.p99MsByFifth.map((ms) => ms.toFixed(0)).join(', ')}`,
      `memory    ${memory.meanMB.toFixed(0)} MB, ${memory.slopeMBPerMinute.toFixed(2)} ± ${memory.standardError.toFixed(2)} MB a minute`,
      `handles   ${handles.first} at first, ${handles.last} at last, ${handles.afterOverload} after the overload`,
      `overload  ${JSON.stringify(overload.byStatus)}, ${overload.malformed} malformed, accepted p99 ${overload.p99Ms.toFixed(0)} ms: ` +
        `${(overload.p99Ms / unloaded.p99Ms).toFixed(1)} of the unloaded one; memory at most ${overload.rssPeakMB.toFixed(0)} MB`,
      `health    ${health.failed} of ${health.asked} failed, p50 ${health.p50Ms.toFixed(1)} ms, p99 ${health.p99Ms.toFixed(1)} ms`,
      `written to ${writeResults('soak', { date: new Date().toISOString(), minutes: Number(flags.minutes), ...figures })}`,
    ].join('\n'),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      KITH_DATA_DIR: join(folder, 'data'),
      KITH_API_KEY: KEY,
      KITH_PORT: String(port),
      KITH_LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      said += text;
      if (said.includes('Kith listens')) resolve();
    });
    child.once('close', () => reject(new Error(`it did not start: ${said}`)));
  });
  return child;
}
