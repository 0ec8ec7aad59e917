// The command line within this process: for what needs neither a terminal nor a process of its own.
import { PassThrough } from 'node:stream';
import { runCli } from '../../src/cli/program.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runHere(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  const stdout = collect();
  const stderr = collect();
  const code = await runCli(argv, { env, stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collect() {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}
