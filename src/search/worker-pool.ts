import type { Worker } from 'node:worker_threads';
import { spawnWorker } from '../threads/spawn-worker.ts';
import type { SharedArena } from './arena.ts';
import type { ScanOutcome, ScanTask } from './scan-task.ts';
import type { FromScanWorker, ScanWorkerData, ToScanWorker } from './scan-worker.ts';

/** Tasks given to a thread at once: the next one lies ready when it ends one. */
const TASKS_AHEAD = 2;
/** A task whose thread died is tried again so often before its search fails. */
const MAX_DEATHS = 2;
/** Threads that die so often without doing a single task are not started again. */
const MAX_DEATHS_IN_A_ROW = 6;

interface Pending {
  readonly message: ToScanWorker;
  readonly resolve: (answer: FromScanWorker) => void;
  readonly reject: (error: unknown) => void;
  deaths: number;
}

interface Thread {
  readonly no: number;
  worker: Worker;
  readonly pending: Map<number, Pending>;
}

export interface WorkerPoolOptions {
  readonly threads: number;
  readonly module: WebAssembly.Module | undefined;
  readonly boardCells: Int32Array;
  readonly arenas: () => readonly SharedArena[];
  /** A thread has room for another task. */
  readonly onRoom: () => void;
}

/** Worker threads that scan. They are started when first needed, and again when one dies; they keep no state that matters. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads: Thread[] = [];
  #nextTaskId = 1;
  #closed = false;
  #deathsInARow = 0;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.threads;
  }

  /** Starts the threads, if they aren't yet. */
  start(): void {
    while (this.#threads.length < this.#options.threads && !this.#closed) {
      const no = this.#threads.length + 1;
      this.#threads.push({ no, worker: this.#spawn(no), pending: new Map() });
    }
  }

  announce(arena: SharedArena): void {
    for (const { worker } of this.#threads) post(worker, { kind: 'arena', arena });
  }

  /** Whether a task given now would begin at once or right after the one that runs. */
  hasRoom(ahead = TASKS_AHEAD): boolean {
    this.start();
    return this.#threads.some(({ pending }) => pending.size < ahead);
  }

  /** No thread has anything to do. */
  get isIdle(): boolean {
    return this.#threads.every(({ pending }) => pending.size === 0);
  }

  async scan(task: ScanTask): Promise<ScanOutcome> {
    const answer = await this.#run((taskId) => ({ kind: 'scan', taskId, task }));
    if (answer.kind !== 'scanned') throw new Error(`a scan was answered with ${answer.kind}`);
    return answer.outcome;
  }

  /** Sorted in a thread, since a million numbers would hold up the event loop. */
  async sort(numbers: Uint32Array): Promise<Uint32Array> {
    const answer = await this.#run((taskId) => ({ kind: 'sort', taskId, numbers }));
    if (answer.kind !== 'sorted') throw new Error(`a sort was answered with ${answer.kind}`);
    return answer.numbers;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const thread of this.#threads) {
      for (const { reject } of thread.pending.values()) reject(new Error('the index was closed'));
      thread.pending.clear();
    }
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    this.#threads.length = 0;
  }

  #run(messageFor: (taskId: number) => ToScanWorker): Promise<FromScanWorker> {
    this.start();
    const taskId = this.#nextTaskId++;
    return new Promise((resolve, reject) => {
      this.#give({ message: messageFor(taskId), resolve, reject, deaths: 0 }, taskId);
    });
  }

  #give(pending: Pending, taskId: number): void {
    const thread = this.#threads.reduce((a, b) => (b.pending.size < a.pending.size ? b : a));
    // An open search keeps the process alive, an idle thread doesn't
    if (thread.pending.size === 0) thread.worker.ref();
    thread.pending.set(taskId, pending);
    post(thread.worker, pending.message);
  }

  #spawn(no: number): Worker {
    const workerData: ScanWorkerData = {
      thread: no,
      module: this.#options.module,
      boardCells: this.#options.boardCells,
    };
    const worker = spawnWorker(new URL('./scan-worker', import.meta.url), { name: `kith-search-${no}`, workerData });
    worker.unref();
    for (const arena of this.#options.arenas()) post(worker, { kind: 'arena', arena });
    worker.on('message', (answer: FromScanWorker) => this.#settle(no, answer));
    let failure: unknown;
    worker.on('error', (error) => {
      failure = error;
    });
    worker.on('exit', () => this.#replace(no, failure ?? new Error('a search thread stopped')));
    return worker;
  }

  #settle(no: number, answer: FromScanWorker): void {
    const thread = this.#threads[no - 1];
    const pending = thread?.pending.get(answer.taskId);
    if (!thread || !pending) return;
    thread.pending.delete(answer.taskId);
    this.#deathsInARow = 0;
    if (thread.pending.size === 0) thread.worker.unref();
    if (answer.kind === 'failed') pending.reject(answer.error);
    else pending.resolve(answer);
    this.#options.onRoom();
  }

  #replace(no: number, reason: unknown): void {
    const thread = this.#threads[no - 1];
    if (this.#closed || !thread) return;
    const orphans = [...thread.pending];
    thread.pending.clear();
    this.#deathsInARow++;
    const beyondHelp = this.#deathsInARow > MAX_DEATHS_IN_A_ROW;
    if (beyondHelp) this.#threads.length = 0;
    else thread.worker = this.#spawn(no);
    for (const [taskId, pending] of orphans) {
      pending.deaths++;
      if (beyondHelp || pending.deaths > MAX_DEATHS) pending.reject(reason);
      else this.#give(pending, taskId);
    }
  }
}

function post(worker: Worker, message: ToScanWorker): void {
  worker.postMessage(message);
}
