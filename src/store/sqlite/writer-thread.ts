import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { spawnWorker } from '../../threads/spawn-worker.ts';
import type { WriteMethod } from '../methods.ts';
import { unpackError } from './error-transfer.ts';
import { PendingCalls } from './pending-calls.ts';
import type { FromWriter, ToWriter, WriterWorkerData } from './writer-worker.ts';

export interface WriterThread {
  /** Resolves when the change is on the disk. */
  call(method: WriteMethod, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Opens the database, migrated, in a thread of its own. A thread that dies fails the calls it had, since nobody knows
 * which of them were kept, and the next call starts another.
 */
export async function openWriterThread(path: string, spawn: Spawn = spawnWriter): Promise<WriterThread> {
  let closed = false;
  let running: Promise<Running> | undefined = start(path, spawn, forget);
  function forget(): void {
    running = undefined;
  }
  await running;

  return {
    async call(method, args) {
      if (closed) throw new Error('The store is closed.');
      running ??= start(path, spawn, forget);
      return (await running).call(method, args);
    },
    async close() {
      closed = true;
      await (await running?.catch(() => undefined))?.close();
    },
  };
}

type Spawn = (data: WriterWorkerData) => Worker;
type Running = WriterThread;

async function start(path: string, spawn: Spawn, onExit: () => void): Promise<Running> {
  const worker = spawn({ path });
  const pending = new PendingCalls();
  let failure: unknown;
  worker.on('error', (error) => {
    failure = error;
  });
  worker.on('exit', () => {
    onExit();
    pending.failAll(new Error('The thread that writes to the store has stopped.', { cause: failure }));
  });
  await opened(worker);
  worker.on('message', (answers: FromWriter) => {
    pending.settle(
      answers.map((answer) =>
        'packedError' in answer ? { callNo: answer.callNo, error: unpackError(answer.packedError) } : answer,
      ),
    );
    if (pending.size === 0) worker.unref();
  });
  // A process that forgets to close may end, but not before its writes are answered
  worker.unref();

  return {
    call(method, args) {
      const { call, result } = pending.begin(method, args);
      worker.ref();
      worker.postMessage(call satisfies ToWriter);
      return result;
    },
    async close() {
      worker.ref();
      const exit = once(worker, 'exit');
      worker.postMessage('close' satisfies ToWriter);
      await exit;
    },
  };
}

async function opened(worker: Worker): Promise<void> {
  const giveUp = new AbortController();
  try {
    // `once` rejects with what the thread threw
    await Promise.race([
      once(worker, 'message', giveUp),
      once(worker, 'exit', giveUp).then(() => Promise.reject(new Error('The thread that writes ended at its start.'))),
    ]);
  } finally {
    giveUp.abort();
  }
}

export function spawnWriter(data: WriterWorkerData): Worker {
  return spawnWorker(new URL('./writer-worker', import.meta.url), { name: 'kith-store', workerData: data });
}
