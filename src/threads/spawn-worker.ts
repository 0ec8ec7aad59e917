import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * A worker thread for the module at `url`, given without its extension. In a run from source the thread first learns to
 * read TypeScript: on Node 20 what `--import` registers doesn't reach it.
 */
export function spawnWorker(url: URL, options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL(`${url.href}.js`), options);
  const module = JSON.stringify(`${url.href}.ts`);
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${module}); });`;
  return new Worker(load, { ...options, eval: true, execArgv: [] });
}
