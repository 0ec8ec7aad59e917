import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** AssemblyScript: reads a stretch of memory 128 bytes a turn, which is all that a scan of it can't avoid. */
const READ_ALL = `
export function readAll(from: usize, to: usize): i32 {
  let a = i64x2.splat(0);
  let b = i64x2.splat(0);
  let c = i64x2.splat(0);
  let d = i64x2.splat(0);
  for (let at = from; at < to; at += 128) {
    a = v128.xor(a, v128.xor(v128.load(at), v128.load(at, 64)));
    b = v128.xor(b, v128.xor(v128.load(at, 16), v128.load(at, 80)));
    c = v128.xor(c, v128.xor(v128.load(at, 32), v128.load(at, 96)));
    d = v128.xor(d, v128.xor(v128.load(at, 48), v128.load(at, 112)));
  }
  return i32x4.extract_lane(v128.xor(v128.xor(a, b), v128.xor(c, d)), 0);
}`;

const BYTES = 512 * 2 ** 20;
const ROUNDS = 12;

const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { readAll } = new WebAssembly.Instance(workerData.module, { env: { memory: workerData.memory } }).exports;
parentPort.on('message', () => {
  readAll(workerData.from, workerData.to);
  parentPort.postMessage('done');
});`;

/** Gigabytes a second that all threads together read from memory, at best: no exact scan can be faster. */
export async function streamingLimit(): Promise<number> {
  const threads = availableParallelism();
  const pages = BYTES / 65_536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(memory.buffer).fill(1);
  const compiler = new URL('../../scripts/compile-kernel.mjs', import.meta.url).href;
  const { compileKernel } = (await import(compiler)) as { compileKernel(source: string): Promise<Uint8Array> };
  const module = await WebAssembly.compile(await compileKernel(READ_ALL));
  const share = BYTES / threads;
  const workers = Array.from(
    { length: threads },
    (_, i) =>
      new Worker(THREAD, {
        eval: true,
        workerData: { module, memory, from: Math.floor(i * share), to: Math.floor((i + 1) * share) },
      }),
  );
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise((resolve) => {
            worker.once('message', resolve);
            worker.postMessage('go');
          }),
      ),
    );
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return BYTES / 1e6 / bestMs;
}
