import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { restoreBackup } from '../backup/read-backup.ts';
import { type OpenedWith, readKeyLines, readPassphrase } from '../backup/seal.ts';
import { openRecords } from '../compose.ts';
import { lockImports, lockService } from '../data-dir.ts';
import { DATABASE_FILE } from '../open-store.ts';
import { type CommandContext, closing, requireEmbedded } from './command-context.ts';
import { confirm } from './confirm.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface RestoreOptions {
  readonly identityFile?: string;
  readonly passphraseFile?: string;
  readonly yes?: true;
}

export function addRestoreCommand(program: Command, run: RunCommand): void {
  program
    .command('restore')
    .description('Puts the data of a backup in place, once every byte of it is checked. Stop the service first.')
    .argument('<file>', 'what kith backup wrote')
    .option('--identity-file <file>', 'the private key that it was sealed to')
    .addOption(
      new Option('--passphrase-file <file>', 'the passphrase that it was sealed with').conflicts('identityFile'),
    )
    .option('-y, --yes', 'replace data that is there without being asked; they are moved aside, not deleted')
    .addHelpText(
      'after',
      '\nExample:\n  kith restore kith-monday.age --identity-file backup.key --data-dir /var/lib/kith',
    )
    .action((file: string, options: RestoreOptions, command: Command) =>
      run(command, (context) => restore(context, file, options)),
    );
}

async function restore(
  { terminal, loadConfig }: CommandContext,
  file: string,
  options: RestoreOptions,
): Promise<ExitCode> {
  const config = loadConfig();
  requireEmbedded(
    config,
    "restore it with PostgreSQL's own tools; what was erased since is erased again at the start.",
  );
  if (!(await stat(file).catch(() => undefined))) throw new UsageError(`There is no file ${file}.`);
  const key = await openedWith(options);
  const present = await stat(join(config.dataDir, DATABASE_FILE)).catch(() => undefined);
  if (present) {
    // Its size is told and not its people: it may be so damaged that nobody can count them
    const size = `${(present.size / 1e6).toFixed(1)} MB, last written on ${present.mtime.toISOString().slice(0, 10)}`;
    await confirm(terminal, `This replaces the data in ${config.dataDir} (${size}); they are moved aside.`, options);
  }
  const locks = present ? [await lockService(config), await lockImports(config)] : [];
  if (locks.includes(undefined)) throw new UsageError(`Something runs on ${config.dataDir}: stop it first.`);
  const { manifest, movedAway } = await restoreBackup({
    from: resolve(file),
    key,
    dataDir: config.dataDir,
    nowMs: Date.now(),
  }).finally(() => {
    for (const lock of locks) lock?.release();
  });
  // Opened once: an older schema is brought up to date, and what was erased since is erased again
  await closing(await openRecords(config, 'command-line'), (deps) =>
    deps.audit.record({ action: 'restore', outcome: 'done', counts: { files: manifest.files.length } }),
  );
  terminal.record({ type: 'restored', file, createdAt: manifest.createdAt, files: manifest.files.length, movedAway });
  terminal.say(`Restored ${count(manifest.files.length, 'file')} of ${manifest.createdAt} into ${config.dataDir}.`);
  if (movedAway) terminal.note(`What was there before is in ${movedAway}; delete it when you are sure.`);
  return EXIT.done;
}

async function openedWith({ identityFile, passphraseFile }: RestoreOptions): Promise<OpenedWith> {
  if (passphraseFile !== undefined) return { passphrase: await readPassphrase(passphraseFile) };
  if (identityFile !== undefined) return { identities: await readKeyLines(identityFile) };
  throw new UsageError('Say what opens it: --identity-file <private key> or --passphrase-file.');
}
