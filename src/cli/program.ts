import { Command, CommanderError, Option } from 'commander';
import { BadBackupError } from '../backup/bad-backup-error.ts';
import { ConfigError } from '../config.ts';
import { KithError } from '../core/errors.ts';
import { DamagedLogError } from '../damaged-log-error.ts';
import { packageVersion } from '../package-version.ts';
import { type CommandContext, configFor } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { explainUnknown } from './first-guesses.ts';
import { whyOnlyHere } from './only-here.ts';
import { printable } from './printable.ts';
import type { ServiceClient } from './service/service-client.ts';
import { ServiceError } from './service/service-error.ts';
import type { ServiceFlags } from './service/service-options.ts';
import { openTerminal, type Terminal } from './terminal.ts';
import { StoppedError, UsageError } from './usage-error.ts';

export interface CliProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** `either`: on the data directory, or through a service with `--url`. */
export type Where = 'data-directory' | 'either';

/** Runs a subcommand with its context and keeps the exit code it answers. */
export type RunCommand = (
  command: Command,
  work: (context: CommandContext) => Promise<ExitCode>,
  where?: Where,
) => Promise<void>;

interface GlobalOptions extends ServiceFlags {
  readonly json?: true;
  readonly quiet?: true;
  readonly debug?: true;
  readonly dataDir?: string;
}

type AddCommand = (program: Command, run: RunCommand) => void;

/** In the order of the help. Each brings its own world of modules, so only those that are named get loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./serve.ts')).addServeCommand,
  demo: async () => (await import('./demo.ts')).addDemoCommand,
  cert: async () => (await import('./cert.ts')).addCertCommand,
  enrol: async () => (await import('./enrol.ts')).addEnrolCommand,
  identify: async () => (await import('./identify.ts')).addIdentifyCommand,
  verify: async () => (await import('./verify.ts')).addVerifyCommand,
  detect: async () => (await import('./detect.ts')).addDetectCommand,
  group: async () => (await import('./group.ts')).addGroupCommand,
  people: async () => (await import('./people.ts')).addPeopleCommand,
  gallery: async () => (await import('./gallery.ts')).addGalleryCommand,
  consent: async () => (await import('./consent.ts')).addConsentCommand,
  erasure: async () => (await import('./erasure.ts')).addErasureCommand,
  evaluate: async () => (await import('./evaluate.ts')).addEvaluateCommand,
  duplicates: async () => (await import('./duplicates.ts')).addDuplicatesCommand,
  models: async () => (await import('./models.ts')).addModelsCommand,
  vault: async () => (await import('./vault.ts')).addVaultCommand,
  protect: async () => (await import('./protect.ts')).addProtectCommand,
  tenants: async () => (await import('./tenants.ts')).addTenantsCommand,
  keys: async () => (await import('./keys.ts')).addKeysCommand,
  backup: async () => (await import('./backup.ts')).addBackupCommand,
  restore: async () => (await import('./restore.ts')).addRestoreCommand,
  export: async () => (await import('./move-gallery.ts')).addExportCommand,
  import: async () => (await import('./move-gallery.ts')).addImportCommand,
  identity: async () => (await import('./backup.ts')).addIdentityCommand,
  upgrade: async () => (await import('./upgrade.ts')).addUpgradeCommand,
  migrate: async () => (await import('./migrate.ts')).addMigrateCommand,
  doctor: async () => (await import('./doctor.ts')).addDoctorCommand,
  bench: async () => (await import('./bench.ts')).addBenchCommand,
  audit: async () => (await import('./audit.ts')).addAuditCommand,
};

async function addCommands(program: Command, run: RunCommand, argv: readonly string[]): Promise<void> {
  const named = Object.keys(COMMANDS).filter((name) => argv.includes(name));
  // Asked of the program itself: it needs none of them
  if (named.length === 0 && argv.includes('--version')) return;
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (named.length === 0 || named.includes(name)) (await load())(program, run);
  }
  const names = Object.keys(COMMANDS);
  program.on('command:*', ([word = '']) => {
    throw new UsageError(explainUnknown(word, '', names));
  });
  for (const group of program.commands.filter(({ commands }) => commands.length > 0)) {
    group.on('command:*', ([word = '']) => {
      throw new UsageError(
        explainUnknown(
          word,
          group.name(),
          group.commands.map((command) => command.name()),
        ),
      );
    });
  }
}

const MORE_HELP = `
First steps, with a folder for each person, named after them:
  kith demo
  kith enrol ./people --gallery family
  kith identify party.jpg --gallery family --annotate party.png

Exit codes: 0 done, 1 some was refused or is wrong, 2 nothing was done, 130 stopped by Ctrl-C,
141 the reader of a pipe went away.
Colour is off with NO_COLOR and where output is no terminal. Settings: the KITH_* variables of the service.`;

const WHICH_GALLERY = '(kith gallery list names those there are)\n';

/** The `kith` command; answers the exit code. */
export async function runCli(argv: readonly string[], cli: CliProcess): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  let terminal: Terminal | undefined;
  const program = new Command('kith')
    .description('Finds faces in photos and tells which of the people you know they belong to.')
    .option('--json', 'one line of JSON for each result, with stable fields')
    .option('-q, --quiet', 'say only what was asked for, and errors')
    .option('--data-dir <folder>', 'the data directory, instead of KITH_DATA_DIR or ./data')
    .option('--url <address>', 'work through a running service instead of a data directory')
    .option('--key-file <file>', 'with --url: the file with a key of the service')
    .option('--ca <file.pem>', 'with --url: whose certificates to trust, as kith cert makes one')
    .option('--allow-plain-http', 'with --url: even to another machine, where all can be read on the way')
    .version(`kith ${packageVersion()}`, '--version', 'tell the version, and nothing else')
    .helpOption('-h, --help', 'show this')
    .helpCommand('help [command]', 'show the help of a command')
    .addOption(new Option('--debug', 'show where an unexpected error came from').hideHelp())
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      outputError: (text, write) => write(text.includes('--gallery <id>') ? `${text}${WHICH_GALLERY}` : text),
    })
    .addHelpText('after', MORE_HELP)
    .showHelpAfterError('(add --help for how to use it)')
    .exitOverride();

  const run: RunCommand = async (command, work, where = 'data-directory') => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const opened = openTerminal({ ...cli, isJson: options.json === true, isQuiet: options.quiet === true });
    terminal = opened;
    checkWhere(command, options, where);
    const service = await openService(options, opened);
    try {
      exitCode = await work({
        terminal: opened,
        output: cli.stdout,
        log: cli.stderr,
        env: cli.env,
        loadConfig: () => configFor(cli.env, options),
        ...(service ? { service } : {}),
      });
    } catch (error) {
      const galleryId: unknown = command.opts().gallery ?? command.args[0];
      if (!service || !isNoGallery(error) || typeof galleryId !== 'string') throw error;
      const { explainNoGallery } = await import('./gallery/remote-galleries.ts');
      throw await explainNoGallery(service, galleryId, error);
    } finally {
      await service?.close();
    }
  };
  await addCommands(program, run, argv);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.nothingDone;
    cli.stderr.write(`${describeFailure(error, program.opts<GlobalOptions>().debug === true)}\n`);
    if (error instanceof StoppedError) return EXIT.interrupted;
    // A usage error is told before anything is done, whatever was shown before the question
    return terminal?.hasResult && !(error instanceof UsageError) ? EXIT.someRefused : EXIT.nothingDone;
  }
}

function isNoGallery(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === 'gallery-not-found';
}

function checkWhere(command: Command, options: GlobalOptions, where: Where): void {
  if (options.url === undefined) {
    const { keyFile, ca, allowPlainHttp } = options;
    const forService = { 'key-file': keyFile, ca, 'allow-plain-http': allowPlainHttp };
    const idle = Object.entries(forService).find(([, value]) => value !== undefined);
    if (idle) throw new UsageError(`--${idle[0]} is for a service: say where it is with --url.`);
    return;
  }
  if (where === 'data-directory') {
    const words = command.parent?.parent ? [command.parent.name(), command.name()] : [command.name()];
    const why = whyOnlyHere(words) ?? 'it works on the data directory itself';
    throw new UsageError(`kith ${words.join(' ')} doesn't work through a service: ${why}.`);
  }
  if (options.dataDir !== undefined) {
    throw new UsageError('--url and --data-dir are two places to work: name one.');
  }
}

async function openService(options: GlobalOptions, terminal: Terminal): Promise<ServiceClient | undefined> {
  const { url } = options;
  if (url === undefined) return undefined;
  // Loaded where they are needed: most commands work here
  const { readServiceOptions } = await import('./service/service-options.ts');
  const { openServiceClient } = await import('./service/service-client.ts');
  return openServiceClient(await readServiceOptions({ ...options, url }, terminal));
}

/** Not faults of the program: their message says all there is to do. */
const EXPECTED = [KithError, UsageError, StoppedError, ServiceError, ConfigError, DamagedLogError, BadBackupError];

function describeFailure(error: unknown, debug: boolean): string {
  const isExpected = EXPECTED.some((kind) => error instanceof kind);
  const message = error instanceof Error ? error.message : String(error);
  // A configuration's faults stand on lines of their own
  const lines = message.split('\n').map(printable).join('\n');
  if (debug && error instanceof Error) return `kith: ${error.stack ?? lines}`;
  return isExpected ? `kith: ${lines}` : `kith: something went wrong: ${lines} (add --debug for the details)`;
}
