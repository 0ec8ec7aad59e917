// The service as it was built, in a process of its own, to be killed or starved.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Resolves when it listens; rejects with what it said when it ends before. */
export async function startBuiltService(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly key: string;
  /** More settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of another build than this one. */
  readonly main?: string;
}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [options.main ?? main], {
    env: {
      PATH: process.env.PATH,
      KITH_DATA_DIR: options.dataDir,
      KITH_API_KEY: options.key,
      KITH_PORT: String(options.port),
      KITH_ENGINE_PROCESSES: '1',
      KITH_LOG_LEVEL: 'silent',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const listen = (text: Buffer) => {
      said += text;
      if (said.includes('Kith listens')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('close', (code) => reject(new Error(`it did not start (${code}): ${said}`)));
  });
  return child;
}
