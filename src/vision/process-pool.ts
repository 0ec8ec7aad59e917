// Child processes that each do one job at a time. A job that crashes or hangs its process takes that process down and
// nothing else; a fresh one takes its place.
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { pathToFileURL } from 'node:url';
import { KithError } from '../core/errors.ts';
import { JobQueue } from './job-queue.ts';
import { ModelRefusedError } from './model-refused-error.ts';
import type { AnalyseMessage, VisionReply } from './vision-messages.ts';

export interface ProcessPoolOptions {
  /** Module the processes run, beside this one and with this one's ending. */
  readonly entry: URL;
  readonly argument: string;
  readonly processes: number;
  /** Jobs that may wait; one more is refused as busy. */
  readonly maxQueued: number;
  /** Time a job may take, and may wait before. */
  readonly deadlineMs: number;
  readonly maxHeapMb: number;
  /** Told when a process ends unbidden. */
  readonly onProcessLost?: (message: string) => void;
}

/** What a job's process was doing when it was lost. */
export class ProcessLostError extends Error {
  readonly afterDecoding: boolean;

  constructor(message: string, afterDecoding: boolean) {
    super(message);
    this.name = 'ProcessLostError';
    this.afterDecoding = afterDecoding;
  }
}

export type JobRequest = Omit<AnalyseMessage, 'kind' | 'requestId'>;
export type JobResult = Extract<VisionReply, { kind: 'analysed' }>['result'];

interface Job {
  readonly requestId: number;
  readonly request: JobRequest;
  readonly settle: (outcome: { readonly result: JobResult } | { readonly error: unknown }) => void;
  decoded: boolean;
  timer: NodeJS.Timeout | undefined;
}

interface Worker {
  readonly child: ChildProcess;
  ready: boolean;
  job: Job | undefined;
  /** Why the pool ended it. */
  verdict: string | undefined;
}

const BUSY_RETRY_S = 1;
const FIRST_RESPAWN_MS = 100;
const MAX_RESPAWN_MS = 10_000;
/** Variables a process of this kind may see; keys and addresses of the service are none of its business. */
const PASSED_VARIABLES = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'NODE_ENV'];

export class ProcessPool {
  readonly #options: ProcessPoolOptions;
  readonly #workers = new Set<Worker>();
  readonly #queue: JobQueue<Job>;
  readonly #respawns = new Set<NodeJS.Timeout>();
  readonly #firstReady: Promise<void>;
  #reportFirst: { ready: () => void; unfit: (error: Error) => void } | undefined;
  #respawnMs = FIRST_RESPAWN_MS;
  #lastRequestId = 0;
  #closed = false;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.#queue = new JobQueue({ maxQueued: options.maxQueued, nowMs: () => performance.now() });
    this.#firstReady = new Promise((ready, unfit) => {
      this.#reportFirst = { ready, unfit };
    });
    for (let i = 0; i < options.processes; i++) this.#spawn();
  }

  /** Resolves when one process can work; rejects when the first to report cannot. */
  ready(): Promise<void> {
    return this.#firstReady;
  }

  run(request: JobRequest, signal?: AbortSignal): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the face engine is closed'));
      if (signal?.aborted) return reject(signal.reason);
      const job: Job = {
        requestId: ++this.#lastRequestId,
        request,
        decoded: false,
        timer: undefined,
        settle: (outcome) => {
          clearTimeout(job.timer);
          signal?.removeEventListener('abort', onAbort);
          if ('result' in outcome) resolve(outcome.result);
          else reject(outcome.error);
        },
      };
      // A job under way ends in its process; only its answer is dropped
      const onAbort = (): void => {
        this.#queue.remove(job);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      job.timer = setTimeout(() => {
        this.#queue.remove(job);
        job.settle({ error: busy() });
      }, this.#options.deadlineMs);
      refuse(this.#queue.push(job));
      this.#dispatch();
    });
  }

  /** Ends all processes; jobs not finished are rejected. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#respawns) clearTimeout(timer);
    for (const job of this.#queue.clear()) job.settle({ error: new Error('the face engine was closed') });
    this.#reportFirst?.unfit(new Error('the face engine was closed before it was ready'));
    const exits = [...this.#workers].map((worker) => exitOf(worker.child));
    for (const worker of this.#workers) this.#end(worker, 'the face engine was closed');
    await Promise.all(exits);
  }

  /** Process ids, for tests that do harm to them. */
  get pids(): readonly number[] {
    return [...this.#workers].flatMap(({ child }) => (child.pid === undefined ? [] : [child.pid]));
  }

  #spawn(): void {
    const { entry, argument, maxHeapMb } = this.#options;
    const child = fork(entry, [argument], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${maxHeapMb}`, ...typescriptLoader(entry)],
      env: passedEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    yieldProcessor(child);
    const worker: Worker = { child, ready: false, job: undefined, verdict: undefined };
    this.#workers.add(worker);
    child.on('message', (message: VisionReply) => this.#onReply(worker, message));
    child.once('error', (error) => this.#onLost(worker, error.message));
    child.once('exit', (code, signal) => this.#onLost(worker, signal ? `signal ${signal}` : `exit code ${code}`));
  }

  #onReply(worker: Worker, message: VisionReply): void {
    switch (message.kind) {
      case 'ready':
        worker.ready = true;
        this.#respawnMs = FIRST_RESPAWN_MS;
        this.#reportFirst?.ready();
        this.#reportFirst = undefined;
        this.#dispatch();
        break;
      case 'unfit':
        this.#reportFirst?.unfit(
          message.isModelRefused ? new ModelRefusedError(message.message) : new Error(message.message),
        );
        this.#end(worker, message.message);
        break;
      case 'decoded':
        if (worker.job?.requestId === message.requestId) worker.job.decoded = true;
        break;
      case 'analysed':
        this.#finish(worker, message.requestId, { result: message.result });
        break;
      case 'refused':
        this.#finish(worker, message.requestId, { error: new KithError(message.problem) });
        break;
      case 'failed':
        this.#finish(worker, message.requestId, { error: new Error(message.message) });
        break;
    }
  }

  #finish(worker: Worker, requestId: number, outcome: Parameters<Job['settle']>[0]): void {
    if (worker.job?.requestId !== requestId) return;
    const { job } = worker;
    worker.job = undefined;
    job.settle(outcome);
    this.#dispatch();
  }

  #dispatch(): void {
    refuse(this.#queue.takeOverdue());
    for (const worker of this.#workers) {
      if (!worker.ready || worker.job || worker.verdict !== undefined) continue;
      const job = this.#queue.take();
      if (!job) return;
      clearTimeout(job.timer);
      worker.job = job;
      job.timer = setTimeout(
        () => this.#end(worker, `it took longer than ${this.#options.deadlineMs} ms`),
        this.#options.deadlineMs,
      );
      worker.child.send({ kind: 'analyse', requestId: job.requestId, ...job.request } satisfies AnalyseMessage);
    }
  }

  #onLost(worker: Worker, how: string): void {
    if (!this.#workers.delete(worker)) return;
    const why = worker.verdict ?? how;
    if (worker.job) {
      clearTimeout(worker.job.timer);
      worker.job.settle({ error: new ProcessLostError(`a vision process was lost: ${why}`, worker.job.decoded) });
    }
    if (this.#closed) return;
    this.#options.onProcessLost?.(`a vision process was lost: ${why}`);
    // One that never became ready may never: wait longer each time
    const delayMs = worker.ready ? 0 : this.#respawnMs;
    if (!worker.ready) this.#respawnMs = Math.min(MAX_RESPAWN_MS, this.#respawnMs * 2);
    const timer = setTimeout(() => {
      this.#respawns.delete(timer);
      this.#spawn();
    }, delayMs);
    this.#respawns.add(timer);
  }

  #end(worker: Worker, verdict: string): void {
    worker.verdict = verdict;
    worker.child.kill('SIGKILL');
  }
}

function refuse(jobs: readonly Job[]): void {
  for (const job of jobs) job.settle({ error: busy() });
}

function busy(): KithError {
  return new KithError({ kind: 'busy', retryAfterS: BUSY_RETRY_S });
}

/** Below the service itself: with all cores reading photos, it still answers at once. */
function yieldProcessor({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Where it may not be lowered, or is gone already, nothing is lost but that
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Run from source, a process needs the loader that this one has; built, none. */
function typescriptLoader(entry: URL): readonly string[] {
  if (!entry.pathname.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

function passedEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    // One arena a thread would hold on to decoded photos for good
    MALLOC_ARENA_MAX: '2',
  };
  for (const name of PASSED_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
