// audit-writer.ts in a process of its own, and what it was promised.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

const script = fileURLToPath(new URL('./audit-writer.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface AuditProcess {
  readonly pid: number;
  readonly chain: string;
  /** By person, in the order in which the process heard of it. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly refused: ReadonlyMap<string, string>;
  /** Resolves when the process has said so; rejects when it ends before. */
  until(isEnough: () => boolean): Promise<void>;
  kill(): Promise<void>;
  /** Lets it close its log. */
  end(): Promise<void>;
}

export async function startAuditProcess(
  folder: string,
  options: { readonly writers: number; readonly segmentBytes?: number; readonly reserveBytes?: number },
): Promise<AuditProcess> {
  const child = spawn(process.execPath, ['--import', tsx, script, folder, JSON.stringify(options)], {
    env: { PATH: process.env.PATH, TSX_DISABLE_CACHE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<string, number>();
  const refused = new Map<string, string>();
  const waiting = new Set<() => void>();
  let chain = '';
  let hasEnded = false;
  createInterface(child.stdout)
    .on('line', (line) => {
      const [word, what = '', personId = ''] = line.split(' ');
      if (word === 'ready') chain = what;
      if (word === 'ok') acknowledged.set(personId, Number(what));
      if (word === 'refused') refused.set(personId, what);
      for (const look of waiting) look();
    })
    .on('close', () => {
      hasEnded = true;
      for (const look of waiting) look();
    });
  const exited = once(child, 'close');

  function until(isEnough: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isEnough() && !hasEnded) return;
        waiting.delete(look);
        if (isEnough()) resolve();
        else reject(new Error('the writing process ended too early'));
      };
      waiting.add(look);
      look();
    });
  }

  await until(() => chain !== '');
  return {
    pid: child.pid as number,
    chain,
    acknowledged,
    refused,
    until,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async end() {
      child.stdin.end();
      const [code] = (await exited) as [number | null];
      if (code !== 0) throw new Error(`the writing process ended with ${code}`);
    },
  };
}
