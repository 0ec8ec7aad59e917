import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { checkAudit, checkData, checkDatabaseFile, checkMasterKey, checkService } from './doctor/data-checks.ts';
import { type Check, type Finding, fault, type Look } from './doctor/finding.ts';
import { checkDisk, checkModels, checkNode, checkSearch, checkTime, checkVersion } from './doctor/machine-checks.ts';
import { checkPostgres } from './doctor/postgres-check.ts';
import { checkTls } from './doctor/tls-check.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { ServiceError } from './service/service-error.ts';
import type { Terminal } from './terminal.ts';

/** In the order in which one part needs the other. */
const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['version', checkVersion],
  ['node', checkNode],
  ['models', checkModels],
  ['search', checkSearch],
  ['time', checkTime],
  ['data', checkData],
  ['disk', checkDisk],
  ['master key', checkMasterKey],
  ['database', checkDatabaseFile],
  ['database', checkPostgres],
  ['audit', checkAudit],
  ['tls', checkTls],
  ['service', checkService],
];

export function addDoctorCommand(program: Command, run: RunCommand): void {
  program
    .command('doctor')
    .description('Looks over the install and the data, and says what is wrong and what to do. Changes nothing.')
    .addHelpText(
      'after',
      '\nWith --url: the way to a service (certificate, clock) and how it is (ready, version, queue, disk, backup, audit log).\n\n' +
        'Exit code 1 says that something is wrong.\n\nExamples:\n  kith doctor --data-dir /var/lib/kith\n' +
        '  kith doctor --url https://kith.lan:8484 --key-file kith.key',
    )
    .action((_options: object, command: Command) => run(command, lookOver, 'either'));
}

async function lookOver({ terminal, service, loadConfig }: CommandContext): Promise<ExitCode> {
  if (service) {
    const { SERVICE_CHECKS } = await import('./doctor/service-checks.ts');
    return tell(terminal, SERVICE_CHECKS, service);
  }
  return tell(terminal, CHECKS, loadConfig());
}

async function tell<T>(
  terminal: Terminal,
  checks: readonly (readonly [name: string, check: Look<T>])[],
  at: T,
): Promise<ExitCode> {
  let faults = 0;
  for (const [name, look] of checks) {
    // What a service doesn't answer once, it needn't be asked further
    let isOver = false;
    const found = await look(at).catch((error: unknown) => {
      isOver = error instanceof ServiceError;
      return fault(error instanceof Error ? error.message : String(error));
    });
    for (const { check = name, outcome, message } of findingsIn(found)) {
      if (outcome === 'fault') faults++;
      terminal.record({ type: 'finding', check, outcome, message });
      const style = ({ ok: 'green', note: 'yellow', fault: 'red' } as const)[outcome];
      terminal.answer(terminal.fold(`${terminal.paint(style, outcome.padEnd(5))} ${check}: ${printable(message)}`));
    }
    if (isOver) break;
  }
  return faults === 0 ? EXIT.done : EXIT.someRefused;
}

function findingsIn(found: Awaited<ReturnType<Check>>): readonly Finding[] {
  if (found === undefined) return [];
  return 'outcome' in found ? [found] : found;
}
