import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * A worker thread for a module of this folder, named without its extension. In a run from source the thread first
 * learns to read TypeScript: on Node 20 what `--import` registers doesn't reach it.
 */
export function spawnWorker(moduleName: string, options: WorkerOptions): Worker {
  const fromSource = import.meta.url.endsWith('.ts');
  const url = new URL(`${moduleName}.${fromSource ? 'ts' : 'js'}`, import.meta.url);
  if (!fromSource) return new Worker(url, options);
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); });`;
  return new Worker(load, { ...options, eval: true, execArgv: [] });
}
