import type { Command } from 'commander';
import { runService } from '../run-service.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';

export function addServeCommand(program: Command, run: RunCommand): void {
  program
    .command('serve')
    .description('Runs the service in the foreground, as npm start does.')
    .addHelpText('after', '\nExample:\n  KITH_PORT=9000 kith serve --data-dir /var/lib/kith')
    .action((_options: object, command: Command) => run(command, serve));
}

async function serve({ terminal, loadConfig }: CommandContext): Promise<ExitCode> {
  const service = await runService(loadConfig(), (line) => terminal.say(line));
  await stopSignal();
  await service.stop();
  return EXIT.done;
}

/** Resolves at the first SIGINT or SIGTERM; the second ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(EXIT.interrupted);
        stopping = true;
        resolve();
      });
    }
  });
}
