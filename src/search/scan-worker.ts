// A worker thread of the index: takes arenas as they are opened, and tasks one after the other.
import { parentPort, workerData } from 'node:worker_threads';
import { ArenaView, type SharedArena } from './arena.ts';
import { ControlBoard } from './control-board.ts';
import type { ScanOutcome, ScanTask } from './scan-task.ts';
import { Scanner } from './scanner.ts';

export interface ScanWorkerData {
  readonly thread: number;
  readonly module: WebAssembly.Module | undefined;
  readonly boardCells: Int32Array;
}

export type ToScanWorker =
  | { readonly kind: 'arena'; readonly arena: SharedArena }
  | { readonly kind: 'scan'; readonly taskId: number; readonly task: ScanTask }
  | { readonly kind: 'sort'; readonly taskId: number; readonly numbers: Uint32Array };

export type FromScanWorker =
  | { readonly kind: 'scanned'; readonly taskId: number; readonly outcome: ScanOutcome }
  | { readonly kind: 'sorted'; readonly taskId: number; readonly numbers: Uint32Array }
  | { readonly kind: 'failed'; readonly taskId: number; readonly error: unknown };

const { thread, module, boardCells } = workerData as ScanWorkerData;
const arenas = new Map<number, ArenaView>();
const board = new ControlBoard(0, boardCells);
const scanner = new Scanner((arenaNo) => {
  const arena = arenas.get(arenaNo);
  if (!arena) throw new Error(`arena ${arenaNo} never came`);
  return arena;
}, board);

parentPort?.on('message', (message: ToScanWorker) => {
  if (message.kind === 'arena') {
    arenas.set(message.arena.arenaNo, new ArenaView(message.arena, module, thread));
    return;
  }
  parentPort?.postMessage(answer(message));
});

function answer(message: Exclude<ToScanWorker, { kind: 'arena' }>): FromScanWorker {
  const { taskId } = message;
  try {
    if (message.kind === 'sort') return { kind: 'sorted', taskId, numbers: message.numbers.sort() };
    return { kind: 'scanned', taskId, outcome: scanner.scan(message.task) };
  } catch (error) {
    return { kind: 'failed', taskId, error };
  }
}
