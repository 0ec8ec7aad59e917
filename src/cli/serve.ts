import type { Command } from 'commander';
import type { Print } from '../run-service.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { listenForStop } from './stop-signal.ts';

export function addServeCommand(program: Command, run: RunCommand): void {
  program
    .command('serve')
    .description('Runs the service in the foreground, as npm start does.')
    .addHelpText(
      'after',
      '\nIts address, and at the first start a key, go to standard output, the log to standard error. Ctrl-C or SIGTERM ends it in\n' +
        'good order, with exit code 0.\n\nExample:\n  KITH_PORT=9000 kith serve --data-dir /var/lib/kith',
    )
    .action((_options: object, command: Command) => run(command, serve));
}

async function serve({ terminal, log, loadConfig }: CommandContext): Promise<ExitCode> {
  const { runService } = await import('../run-service.ts');
  const print: Print = (line, fact) => {
    if (!fact) return terminal.note(line);
    terminal.record(fact);
    // Shown this once, so that it must not be lost to --quiet
    if (fact.type === 'key') terminal.answer(line);
    else terminal.say(line);
  };
  const service = await runService(loadConfig(), print, log);
  await new Promise<void>((resolve) => listenForStop(resolve));
  await service.stop();
  return EXIT.done;
}
