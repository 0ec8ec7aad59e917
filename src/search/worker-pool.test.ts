import { expect, test } from 'vitest';
import type { SharedArena } from './arena.ts';
import { WorkerPool } from './worker-pool.ts';

/** A thread that is given no memory dies of it. */
const POISON = { arenaNo: 3, memory: undefined, scratchBase: 0 } as unknown as SharedArena;

function openPool(arenas: readonly SharedArena[]): WorkerPool {
  return new WorkerPool({
    threads: 2,
    module: undefined,
    boardCells: new Int32Array(new SharedArrayBuffer(64)),
    arenas: () => arenas,
    onRoom: () => undefined,
  });
}

test('a task whose thread dies is done by another', async () => {
  const pool = openPool([]);
  pool.start();
  pool.announce(POISON);
  const sorted = await Promise.all([3, 4, 5].map((n) => pool.sort(Uint32Array.of(n, 2, 1))));
  expect(sorted.map((numbers) => [...numbers])).toEqual([3, 4, 5].map((n) => [1, 2, n]));
  await pool.close();
});

test('threads that die again and again are given up, and their tasks fail', async () => {
  const pool = openPool([POISON]);
  await expect(pool.sort(Uint32Array.of(2, 1))).rejects.toThrow();
  await pool.close();
});

test('a task that fails in its thread fails here, and the thread goes on', async () => {
  const pool = openPool([]);
  const segment = { arenaNo: 0, address: 0, dims: 128, capacity: 16, highNibbleError: 0 };
  await expect(pool.scan({ spans: [{ segment, from: 0, to: 16 }], queries: [] })).rejects.toThrow('arena 0');
  expect([...(await pool.sort(Uint32Array.of(2, 1)))]).toEqual([1, 2]);
  await pool.close();
});
