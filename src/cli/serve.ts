import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { listenForStop } from './stop-signal.ts';

export function addServeCommand(program: Command, run: RunCommand): void {
  program
    .command('serve')
    .description('Runs the service in the foreground, as npm start does.')
    .addHelpText('after', '\nExample:\n  KITH_PORT=9000 kith serve --data-dir /var/lib/kith')
    .action((_options: object, command: Command) => run(command, serve));
}

async function serve({ terminal, loadConfig }: CommandContext): Promise<ExitCode> {
  const { runService } = await import('../run-service.ts');
  const service = await runService(loadConfig(), (line, fact) => {
    if (fact) terminal.record(fact);
    else if (terminal.isJson) terminal.note(line);
    // Shown this once, so that it must not be lost to --quiet
    if (fact?.type === 'key') terminal.answer(line);
    else terminal.say(line);
  });
  await new Promise<void>((resolve) => listenForStop(resolve));
  await service.stop();
  return EXIT.done;
}
