import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.ts';
import { StoppedError, UsageError } from './usage-error.ts';

/** For what can't be taken back: asks at a terminal, wants `--yes` everywhere else. Throws when it is not confirmed. */
export async function confirm(
  terminal: Pick<Terminal, 'isJson'>,
  what: string,
  options: { readonly yes?: true },
): Promise<void> {
  if (options.yes) return;
  if (terminal.isJson || !process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${what} Nothing was done: add --yes to do it without being asked.`);
  }
  // On standard error: standard output is for results
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${what} Type "yes" to do it: `).catch(noAnswer);
    if (answer.trim().toLowerCase() !== 'yes') throw new UsageError('Nothing was done.');
  } finally {
    prompt.close();
  }
}

/** Ctrl-C stops; Ctrl-D says nothing, which is not yes. */
function noAnswer(error: Error): string {
  // The question stands on the line still
  process.stderr.write('\n');
  if (error.message.includes('Ctrl+C')) throw new StoppedError('Nothing was done.');
  if (error.name === 'AbortError') return '';
  throw error;
}
