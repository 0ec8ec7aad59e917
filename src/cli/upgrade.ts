import { existsSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Command } from 'commander';
import { openRecords } from '../compose.ts';
import { lockService } from '../data-dir.ts';
import { DATABASE_FILE } from '../open-store.ts';
import { requireKnownSchema } from '../store/sqlite/migrations.ts';
import { type CommandContext, closing, requireEmbedded } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';

export function addUpgradeCommand(program: Command, run: RunCommand): void {
  program
    .command('upgrade')
    .description('Brings the stored data to what this version of Kith reads and writes; a start does it too.')
    .option('--check', 'only say whether that is needed, and possible')
    .addHelpText('after', '\nExit code 1 with --check: an upgrade is due.\n\nExample:\n  kith upgrade --check')
    .action((options: { readonly check?: true }, command: Command) =>
      run(command, (context) => upgrade(context, options)),
    );
}

async function upgrade(
  { terminal, loadConfig }: CommandContext,
  { check }: { readonly check?: true },
): Promise<ExitCode> {
  const config = loadConfig();
  requireEmbedded(config, 'the first node of a newer Kith upgrades it as it starts.');
  const path = join(config.dataDir, DATABASE_FILE);
  if (!existsSync(path)) throw new UsageError(`There is no data in ${config.dataDir} yet.`);
  const { version, known } = schemaOf(path);
  const isCurrent = version === known;
  if (isCurrent || check) terminal.record({ type: 'schema', version, known, isCurrent });
  if (isCurrent) {
    terminal.say(`The data are of this version of Kith (schema ${known}).`);
    return EXIT.done;
  }
  if (check) {
    terminal.say(
      `The data are of an older Kith (schema ${version}); the next start brings them to schema ${known}, ` +
        `after a copy to ${DATABASE_FILE}.schema-${version}. It needs room for that copy.`,
    );
    return EXIT.someRefused;
  }
  const lock = await lockService(config);
  if (!lock) throw new UsageError(`A service runs on ${config.dataDir}: stop it first.`);
  try {
    await closing(await openRecords(config, 'command-line'), async () => undefined);
  } finally {
    lock.release();
  }
  terminal.record({ type: 'schema-upgraded', from: version, to: known, copy: `${path}.schema-${version}` });
  terminal.say(`The data are at schema ${known} now; as they were before, they are in ${path}.schema-${version}.`);
  return EXIT.done;
}

function schemaOf(path: string): ReturnType<typeof requireKnownSchema> {
  const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    return requireKnownSchema(db);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  } finally {
    db.close();
  }
}
