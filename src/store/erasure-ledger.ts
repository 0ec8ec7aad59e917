// What was erased is remembered in a file outside the database: an older database that is put back in its place is told,
// before anybody asks it. Hashes of random ids only: nothing in the file is about anybody.
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, ErasureLedger } from '../core/ports.ts';
import type { Store } from '../core/storage/store.ts';

export interface OpenErasureLedger extends ErasureLedger {
  close(): Promise<void>;
}

/** The first line. A mark is 64 hexadecimal digits on a line of its own; any other line is one that a crash cut. */
const HEADER = 'kith erasure ledger 1';
const MARK = /^[0-9a-f]{64}$/;
const BATCH = 1000;

export interface ErasureLedgerParts {
  readonly path: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Called when an older database was put back: `apply` erases again what it brought back. */
  readonly onOlderDatabase: (erasures: number, apply: () => Promise<void>) => Promise<void>;
}

/** Opens or makes the file, and has the database erase what it didn't know to be erased. */
export async function openErasureLedger(parts: ErasureLedgerParts): Promise<OpenErasureLedger> {
  const { path, store, clock } = parts;
  const { file, isNew } = await openFile(path);
  try {
    if (isNew) await store.noteErasuresAnew();
    const unknown = await findUnknown(path, store);
    if (unknown.length > 0) {
      await parts.onOlderDatabase(unknown.length, () => store.applyErasures(unknown, clock.nowMs()));
    }
    const ledger = noteInto(file, store);
    await ledger.catchUp();
    return { ...ledger, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function noteInto(file: FileHandle, store: Store): ErasureLedger {
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function append(marks: readonly string[]): Promise<void> {
    try {
      // On a line of their own whatever a crash or a full disk left before them
      await file.appendFile(`\n${marks.join('\n')}\n`);
      await file.datasync();
    } catch (cause) {
      throw new Error("Erased, but the erasure ledger can't be written yet; it is tried again by itself.", { cause });
    }
  }

  async function noteAll(): Promise<void> {
    for (;;) {
      const erasures = await store.erasuresToNote(BATCH);
      const last = erasures.at(-1);
      if (!last) return;
      await append(erasures.map(({ mark }) => mark));
      await store.erasuresNoted(last.erasureNo);
    }
  }

  function start(): Promise<void> {
    running = noteAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    catchUp() {
      if (!running) return start();
      // The running pass may have looked already: callers who come now share the next one
      queued ??= running
        .catch(() => undefined)
        .then(() => {
          queued = undefined;
          return start();
        });
      return queued;
    },
  };
}

async function findUnknown(path: string, store: Store): Promise<string[]> {
  const unknown: string[] = [];
  let batch: string[] = [];
  const ask = async () => {
    unknown.push(...(await store.unknownErasures(batch)));
    batch = [];
  };
  for await (const line of createInterface({ input: createReadStream(path, 'latin1') })) {
    if (MARK.test(line)) batch.push(line);
    if (batch.length >= BATCH) await ask();
  }
  await ask();
  return [...new Set(unknown)];
}

async function openFile(path: string): Promise<{ readonly file: FileHandle; readonly isNew: boolean }> {
  const file = await open(path, 'a', 0o600);
  try {
    const isNew = (await file.stat()).size === 0;
    if (isNew) {
      await file.appendFile(`${HEADER}\n`);
      await file.sync();
      await syncFolder(dirname(path));
    }
    return { file, isNew };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A new name survives a crash only when its folder is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
