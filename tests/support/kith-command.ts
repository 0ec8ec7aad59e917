// The real `kith` command, as it was built, in a process of its own.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface KithResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KithOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
}

export function startKith(args: readonly string[], options: KithOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, KITH_ENGINE_PROCESSES: '1', ...options.env },
  });
}

/** For a shell; the arguments must need no quoting. */
export function kithCommandLine(args: readonly string[]): string {
  return [process.execPath, cli, ...args].join(' ');
}

export async function kith(args: readonly string[], options: KithOptions = {}): Promise<KithResult> {
  const child = startKith(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

export type JsonRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The lines of `--json`. */
export function recordsOf(stdout: string): JsonRecord[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonRecord);
}
