import { setImmediate as nextTurn } from 'node:timers/promises';
import { KithError } from '../core/errors.ts';
import type { PreparedLine } from './audit-line.ts';
import { BATCH_BYTES, MAX_BATCH_LINES } from './chain-limits.ts';
import type { ChainWriter } from './chain-writer.ts';

/** When a client should ask again: a disk isn't cleared in a second. */
const RETRY_AFTER_S = 5;

export interface RecordQueue {
  /** Resolves when the record is on the disk, with its number; rejects with `unavailable`. */
  add(line: PreparedLine): Promise<number>;
  /** Signs what is written by now, if that can be. */
  sign(): Promise<void>;
  /** How many records were written, and in how many goes. */
  stats(): { readonly records: number; readonly commits: number };
  /** Writes what waits and takes nothing more. */
  drain(): Promise<void>;
}

interface Waiting {
  readonly line: PreparedLine;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

/** Group commit: what is recorded while a write is on its way to the disk goes with the next one, all at once. */
export function startRecordQueue(writer: ChainWriter, headEveryMs: number): RecordQueue {
  const waiting: Waiting[] = [];
  const written = { records: 0, commits: 0 };
  let isRunning = false;
  let running = Promise.resolve();
  let headTimer: NodeJS.Timeout | undefined;
  let isHeadDue = false;
  let isClosed = false;

  function kick(): void {
    if (isRunning) return;
    isRunning = true;
    running = run();
  }

  async function run(): Promise<void> {
    do {
      // Whomever the last batch woke gets into this one
      await nextTurn();
      if (isHeadDue) await signTimedHead();
      if (waiting.length > 0) await writeBatch(takeBatch(waiting));
    } while (waiting.length > 0);
    // In the same turn as the last look at what waits: nobody can come between
    isRunning = false;
    if (writer.unsignedLines > 0 && headTimer === undefined && !isClosed) startHeadTimer();
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    let firstSeq: number;
    try {
      firstSeq = await writer.append(batch.map(({ line }) => line));
    } catch (error) {
      const refusal = unavailable(error);
      for (const { reject } of batch) reject(refusal);
      return;
    }
    written.records += batch.length;
    written.commits += 1;
    for (const [i, { resolve }] of batch.entries()) resolve(firstSeq + i);
  }

  async function signTimedHead(): Promise<void> {
    isHeadDue = false;
    // Not done now is done at the next turn; too many lines without a head are refused by the writer
    await writer.signHead().catch(() => undefined);
  }

  function startHeadTimer(): void {
    headTimer = setTimeout(() => {
      headTimer = undefined;
      isHeadDue = true;
      kick();
    }, headEveryMs);
    headTimer.unref();
  }

  return {
    async add(line) {
      if (isClosed) throw unavailable(new Error('it is closed'));
      return new Promise<number>((resolve, reject) => {
        waiting.push({ line, resolve, reject });
        kick();
      });
    },
    async sign() {
      // A turn that is under way may be past its look at what is due
      for (let turn = 0; turn < 2 && !isClosed && writer.unsignedLines > 0; turn++) {
        isHeadDue = true;
        kick();
        await running;
      }
    },
    stats: () => ({ ...written }),
    async drain() {
      isClosed = true;
      clearTimeout(headTimer);
      await running;
    },
  };
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let count = 0;
  for (let bytes = 0; count < Math.min(waiting.length, MAX_BATCH_LINES) && bytes < BATCH_BYTES; count++) {
    bytes += waiting[count]?.line.maxBytes ?? 0;
  }
  return waiting.splice(0, count);
}

export function unavailable(cause: unknown): KithError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new KithError(
    {
      kind: 'unavailable',
      part: 'audit',
      retryAfterS: RETRY_AFTER_S,
      message: `The audit log can't be written (${code ?? message}), so nothing was done.`,
    },
    { cause },
  );
}
