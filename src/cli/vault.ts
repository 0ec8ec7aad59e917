import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { openRecords, removeCopies } from '../compose.ts';
import type { Config } from '../config.ts';
import { rotateMasterKey } from '../core/operations/rotate-master-key.ts';
import { isServiceRunning, lockImports, lockService } from '../data-dir.ts';
import { masterKeyPathOf } from '../master-key-source.ts';
import { beginMasterKeyRotation, isMasterKeyRotating } from '../vault/master-key.ts';
import { type CommandContext, closing, requireData, requireEmbedded } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { listenForStop } from './stop-signal.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

const LOOK_EVERY_MS = 500;
/** Every so many looks, whether the service is still there. */
const LOOKS_AT_SERVICE = 4;

export function addVaultCommand(program: Command, run: RunCommand): void {
  program
    .command('vault')
    .description('The keys under which templates are sealed.')
    .command('rotate')
    .description('Replaces the master key; a running service goes on, and the old key opens nothing afterwards.')
    .addHelpText(
      'after',
      '\nBackups made before hold the old key and what was sealed under it; make a new one afterwards.\n\nExample:\n  kith vault rotate && kith backup --to after.age --recipient age1…',
    )
    .action((_options: object, command: Command) => run(command, rotate));
}

async function rotate({ terminal, loadConfig }: CommandContext): Promise<ExitCode> {
  const config = loadConfig();
  requireEmbedded(
    config,
    'stop all nodes but one, start that one with the new KITH_MASTER_KEY and the old one as KITH_PREVIOUS_MASTER_KEY, and the others with the new one once it says that the key is replaced.',
  );
  requireData(config);
  const path = masterKeyPathOf(config);
  if (path === undefined) {
    throw new UsageError(
      'The master key comes from the environment: start the service with the new one as KITH_MASTER_KEY and the present one as KITH_PREVIOUS_MASTER_KEY.',
    );
  }
  beginMasterKeyRotation(path);
  const stop = listenForStop(() => terminal.note('Stopping; what was done is kept.'));
  try {
    const serving = await lockService(config);
    if (!serving) return await awaitService(path, stop.signal);
    try {
      const sealedAnew = await rotateHere(config, stop.signal);
      if (sealedAnew === undefined) {
        terminal.note('Stopped. Both keys are kept; run the same command again to go on.');
        return EXIT.interrupted;
      }
      terminal.record({ type: 'master-key-rotated', sealedAnew });
      terminal.say(`The master key is replaced; ${count(sealedAnew, 'key')} of people and galleries sealed anew.`);
      return EXIT.done;
    } finally {
      serving.release();
    }
  } finally {
    stop.release();
  }

  async function awaitService(path: string, signal: AbortSignal): Promise<ExitCode> {
    terminal.note('The running service replaces the master key; this takes half a minute and more.');
    for (let look = 1; isMasterKeyRotating(path); look++) {
      if (signal.aborted) {
        terminal.note('The service goes on with it by itself.');
        return EXIT.interrupted;
      }
      await pause(LOOK_EVERY_MS);
      if (look % LOOKS_AT_SERVICE === 0 && !(await isServiceRunning(config)) && isMasterKeyRotating(path)) {
        terminal.note(
          'The service has stopped. Both keys are kept: it goes on when it starts again, or this command when you run it again.',
        );
        return EXIT.interrupted;
      }
    }
    terminal.record({ type: 'master-key-rotated' });
    terminal.say('The master key is replaced.');
    return EXIT.done;
  }
}

async function rotateHere(config: Config, signal: AbortSignal): Promise<number | undefined> {
  const importing = await lockImports(config);
  if (!importing) throw new UsageError('An import is under way; wait for its end, then run the same command again.');
  try {
    return await closing(await openRecords(config, 'command-line'), async (deps) => {
      const rotated = await rotateMasterKey(deps, { settle: async () => undefined, signal });
      if (rotated) await removeCopies(config);
      return rotated?.sealedAnew;
    });
  } finally {
    importing.release();
  }
}
