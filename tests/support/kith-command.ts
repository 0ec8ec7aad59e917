// The real `kith` command, as it was built, in a process of its own.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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

/** Of docs/json-lines.md: what stands in the third column of each type that the first one names. */
const documented = new Map(
  readFileSync(new URL('../../docs/json-lines.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)))
    .flatMap(([, types = [], , members = []]) => types.map((type) => [type, new Set(members)] as const)),
);

/** Types and members that scripts may rely on are those that are told. */
function requireDocumented({ type, ...members }: JsonRecord): void {
  const known = documented.get(type);
  if (!known) throw new Error(`docs/json-lines.md knows no line of type "${type}"`);
  const untold = Object.keys(members).filter((member) => !known.has(member));
  if (untold.length > 0) throw new Error(`docs/json-lines.md doesn't tell of ${untold.join(', ')} in "${type}"`);
}

export type JsonRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The lines of `--json`. */
export function recordsOf(stdout: string): JsonRecord[] {
  const records = linesOf(stdout) as JsonRecord[];
  records.forEach(requireDocumented);
  return records;
}

/** Lines of JSON that are no answer of `--json`. */
export function linesOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
