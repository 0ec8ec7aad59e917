import type { Store } from '../../core/storage/store.ts';
import { METHODS, type StoreMethod, type WriteMethod } from '../methods.ts';
import { openDatabase, openReader } from './database.ts';
import { explainFailure } from './explain-failure.ts';
import { PendingCalls } from './pending-calls.ts';
import type { SyncStore } from './sync-store.ts';
import { tables } from './tables.ts';
import { createWriter } from './writer.ts';
import { openWriterThread } from './writer-thread.ts';

type Method = (...args: readonly unknown[]) => unknown;

/** What answers the port's methods: the readers at once, the writer when the change is on the disk. */
interface Parts {
  readonly readers: Omit<SyncStore, 'close'>;
  write(method: WriteMethod, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * The store in one SQLite file, or in memory for tests (`:memory:`). Reads run here, in microseconds; writes in a
 * thread, where waiting for the disk holds up nobody else, and those that come together share one wait. What was
 * acknowledged survives a crash; an acknowledged deletion is overwritten on the disk. A deleted gallery is gone for
 * every reader at once and is emptied before the answer, in small transactions that let others through.
 */
export async function openSqliteStore({ path }: { readonly path: string }): Promise<Store> {
  const { readers, write, close } = path === ':memory:' ? openInMemory() : await openFile(path);
  const reading = readers as unknown as Record<StoreMethod, Method>;
  const methods = Object.entries(METHODS).map(([method, access]): [string, Method] => [
    method,
    async (...args) => {
      try {
        return await (access === 'read' ? reading[method as StoreMethod](...args) : write(method as WriteMethod, args));
      } catch (error) {
        throw explainFailure(error, path);
      }
    },
  ]);
  // METHODS names every method of the port, and the tables have their types
  return { ...Object.fromEntries(methods), close } as unknown as Store;
}

async function openFile(path: string): Promise<Parts> {
  const writer = await openWriterThread(path);
  const db = openReader(path);
  return {
    readers: tables(db),
    write: (method, args) => writer.call(method, args),
    async close() {
      // The writer last: whoever closes last moves the log into the database
      db.close();
      await writer.close();
    },
  };
}

function openInMemory(): Parts {
  const db = openDatabase(':memory:');
  const pending = new PendingCalls();
  const writer = createWriter(db, (answers) => pending.settle(answers));
  return {
    readers: tables(db),
    write(method, args) {
      const { call, result } = pending.begin(method, args);
      writer.submit(call);
      return result;
    },
    async close() {
      writer.close();
      db.close();
    },
  };
}
