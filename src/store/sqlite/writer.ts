import type { Database } from 'better-sqlite3';
import { EMPTIED_AFTERWARDS, METHODS, type WriteMethod } from '../methods.ts';
import { emptyWal } from './database.ts';
import { tables } from './tables.ts';

export interface WriteCall {
  readonly callNo: number;
  readonly method: WriteMethod;
  readonly args: readonly unknown[];
}

export type WriteAnswer =
  | { readonly callNo: number; readonly result: unknown }
  | { readonly callNo: number; readonly error: unknown };

export interface Writer {
  /** Its answer comes later, when the change is on the disk. */
  submit(call: WriteCall): void;
  /** Commits what was submitted; a gallery or snapshot that is still being emptied is emptied after the next start. */
  close(): void;
}

/** Calls committed together wait for each other, so not too many. */
const CALLS_PER_COMMIT = 100;
/** A few milliseconds each, so that others get their turn in between. */
const PERSONS_PER_ERASURE = 200;
const ERASURE_RETRY_MS = 1000;

/**
 * The one place that changes the database. Calls that come in while others are being written share the next commit,
 * and so one wait for the disk; each is a savepoint of its own, so one that is refused leaves the others alone.
 */
export function createWriter(db: Database, send: (answers: readonly WriteAnswer[]) => void): Writer {
  const table = tables(db) as Record<WriteMethod, (...args: readonly unknown[]) => unknown> & {
    eraseSome(maxPersons: number): boolean;
  };
  const queue: WriteCall[] = [];
  /** Of galleries and snapshots: answered once nothing is left of any of them. */
  let heldAnswers: WriteAnswer[] = [];
  // A crash may have left both: something half emptied, a log with copies of erased rows
  let somethingToEmpty = true;
  let walHoldsErased = true;
  let scheduled: NodeJS.Immediate | undefined;
  let retry: NodeJS.Timeout | undefined;

  function schedule(): void {
    scheduled ??= setImmediate(work);
  }

  function work(): void {
    scheduled = undefined;
    commitQueued();
    if (somethingToEmpty) emptySome();
    if (queue.length > 0 || somethingToEmpty) schedule();
  }

  function commitQueued(): void {
    const calls = queue.splice(0, CALLS_PER_COMMIT);
    if (calls.length === 0) return;
    const answers = commitTogether(calls);
    const held = new Set<number>();
    for (const [i, { callNo, method }] of calls.entries()) {
      if (METHODS[method] !== 'erase' || 'error' in (answers[i] as WriteAnswer)) continue;
      walHoldsErased = true;
      if (EMPTIED_AFTERWARDS.has(method)) held.add(callNo);
    }
    overwriteErased();
    if (held.size > 0) somethingToEmpty = true;
    heldAnswers.push(...answers.filter(({ callNo }) => held.has(callNo)));
    send(answers.filter(({ callNo }) => !held.has(callNo)));
  }

  function commitTogether(calls: readonly WriteCall[]): WriteAnswer[] {
    if (calls.length === 1) return calls.map(attempt);
    try {
      return db
        .transaction(() =>
          calls.map((call) => {
            const answer = attempt(call);
            // On a full disk SQLite takes the whole transaction back by itself
            if (!db.inTransaction) throw new Error('rolled back');
            return answer;
          }),
        )
        .immediate();
    } catch (error) {
      // Another process holds the database: to wait for it once more with each call would be to wait for ever
      if (isBusy(error)) return calls.map(({ callNo }) => ({ callNo, error }));
      // Nothing was kept: each for itself, so that only those fail that have to
      return calls.map(attempt);
    }
  }

  function attempt({ callNo, method, args }: WriteCall): WriteAnswer {
    try {
      return { callNo, result: table[method](...args) };
    } catch (error) {
      return { callNo, error };
    }
  }

  function emptySome(): void {
    try {
      if (table.eraseSome(PERSONS_PER_ERASURE)) return;
      somethingToEmpty = false;
      walHoldsErased = true;
      overwriteErased();
      send(heldAnswers);
    } catch (cause) {
      somethingToEmpty = false;
      goOnLater();
      refuseHeld(`Deleted, but not all of it is overwritten yet, which goes on by itself: ${messageOf(cause)}`);
    }
    heldAnswers = [];
  }

  /** Of what is gone for every reader already: not that nothing was done. */
  function refuseHeld(message: string): void {
    const error = new Error(message);
    send(heldAnswers.map(({ callNo }) => ({ callNo, error })));
  }

  /** Not possible while another process reads, or on a full disk: then again a little later. */
  function overwriteErased(): void {
    if (!walHoldsErased) return;
    try {
      walHoldsErased = !emptyWal(db);
    } catch {}
    if (walHoldsErased) goOnLater();
  }

  function goOnLater(): void {
    retry ??= setTimeout(() => {
      retry = undefined;
      somethingToEmpty = true;
      schedule();
    }, ERASURE_RETRY_MS).unref();
  }

  schedule();
  return {
    submit(call) {
      queue.push(call);
      schedule();
    },
    close() {
      clearImmediate(scheduled);
      clearTimeout(retry);
      while (queue.length > 0) commitQueued();
      refuseHeld('The store was closed before all was erased; the next start goes on with it.');
      heldAnswers = [];
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
