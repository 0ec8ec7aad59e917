// The thread that writes: waiting for the disk, or for another process, holds up nobody but writers.
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './database.ts';
import { type PackedError, packError } from './error-transfer.ts';
import { createWriter, type WriteCall } from './writer.ts';

export interface WriterWorkerData {
  readonly path: string;
}

export type ToWriter = WriteCall | 'close';

/** The first message has no answers: the database is open and migrated. */
export type FromWriter = readonly (
  | { readonly callNo: number; readonly result: unknown }
  | { readonly callNo: number; readonly packedError: PackedError }
)[];

const port = parentPort;
if (!port) throw new Error('writer-worker is a worker thread');

const db = openDatabase((workerData as WriterWorkerData).path);
const writer = createWriter(db, (answers) => {
  const packed: FromWriter = answers.map((answer) =>
    'error' in answer ? { callNo: answer.callNo, packedError: packError(answer.error) } : answer,
  );
  if (packed.length > 0) port.postMessage(packed);
});
port.on('message', (message: ToWriter) => {
  if (message !== 'close') {
    writer.submit(message);
    return;
  }
  writer.close();
  db.close();
  port.close();
});
port.postMessage([] satisfies FromWriter);
