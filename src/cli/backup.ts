import { randomBytes } from 'node:crypto';
import { rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type Command, Option } from 'commander';
import { noteBackup } from '../backup/last-backup.ts';
import { readKeyLines, readPassphrase, type SealedTo } from '../backup/seal.ts';
import { writeBackup } from '../backup/write-backup.ts';
import { openRecords } from '../compose.ts';
import { audited } from '../core/audited.ts';
import { masterKeyPathOf } from '../master-key-source.ts';
import { packageVersion } from '../package-version.ts';
import { type CommandContext, closing, requireData, requireEmbedded } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface BackupOptions {
  readonly to: string;
  readonly recipient?: readonly string[];
  readonly recipientsFile?: string;
  readonly passphraseFile?: string;
}

export function addBackupCommand(program: Command, run: RunCommand): void {
  program
    .command('backup')
    .description('Writes all data into one sealed file, with or without a service running.')
    .requiredOption('--to <file>', 'the file to write; it must not be there yet')
    .option('--recipient <keys...>', 'seal it to these public keys (age1…): whoever has the private one opens it')
    .option('--recipients-file <file>', 'the same, a line each')
    .addOption(
      new Option('--passphrase-file <file>', 'seal it with the first line of a file instead').conflicts([
        'recipient',
        'recipientsFile',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  kith identity backup.key                         makes a key pair, prints the public key
  kith backup --to kith-monday.age --recipient age1…
  kith restore kith-monday.age --identity-file backup.key

The master key is in it, unless you keep it elsewhere: keep the private key or passphrase somewhere else than the backup.`,
    )
    .action((options: BackupOptions, command: Command) => run(command, (context) => backUp(context, options)));
}

async function backUp({ terminal, loadConfig }: CommandContext, options: BackupOptions): Promise<ExitCode> {
  const config = loadConfig();
  requireEmbedded(
    config,
    "back it up with PostgreSQL's own tools (pg_basebackup, pg_dump), and each node's data directory and the master key apart from it.",
  );
  requireData(config);
  const sealedTo = await sealedToOf(options);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const { files, bytes } = await audited(deps, { action: 'backup' }, () =>
      writeBackup({
        dataDir: config.dataDir,
        to: resolve(options.to),
        sealedTo,
        version: packageVersion(),
        nowMs: deps.clock.nowMs(),
        isMasterKeyRotating: () => deps.vault.refresh() || deps.vault.isRotating,
      }),
    );
    // The backup is whole without it
    await noteBackup(config.dataDir, { finishedMs: deps.clock.nowMs(), bytes }).catch(() => undefined);
    terminal.record({ type: 'backup', file: options.to, files, bytes });
    if (masterKeyPathOf(config) !== join(config.dataDir, 'master.key')) {
      terminal.note('The master key is kept elsewhere and is not in it: without that key the backup opens nothing.');
    }
    terminal.say(`Backed up ${count(files, 'file')} (${(bytes / 1e6).toFixed(1)} MB) into ${options.to}.`);
    return EXIT.done;
  });
}

async function sealedToOf(options: BackupOptions): Promise<SealedTo> {
  if (options.passphraseFile !== undefined) return { passphrase: await readPassphrase(options.passphraseFile) };
  const listed = options.recipientsFile === undefined ? [] : await readKeyLines(options.recipientsFile);
  const recipients = [...(options.recipient ?? []), ...listed];
  if (recipients.length > 0) return { recipients };
  throw new UsageError('Say who may open it: --recipient <public key> (kith identity makes one) or --passphrase-file.');
}

export function addIdentityCommand(program: Command, run: RunCommand): void {
  program
    .command('identity')
    .description('Makes a key pair for sealing backups: the private key into a file, the public one printed.')
    .argument('<file>', 'where the private key goes; keep it apart from the backups')
    .addHelpText('after', '\nExample:\n  kith identity backup.key')
    .action((file: string, _options: object, command: Command) =>
      run(command, (context) => makeIdentity(context, file)),
    );
}

async function makeIdentity({ terminal }: CommandContext, file: string): Promise<ExitCode> {
  if (await stat(file).catch(() => undefined)) throw new UsageError(`${file} is there already: name a new file.`);
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const partial = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(partial, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx', flush: true });
  await rename(partial, file);
  terminal.record({ type: 'identity', file, recipient });
  terminal.answer(recipient);
  return EXIT.done;
}
