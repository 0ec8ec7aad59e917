import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { AuditFaultError, describeFault } from '../audit/audit-fault.ts';
import { AuditUnreadableError } from '../audit/audit-reader.ts';
import { AUDIT_FOLDER } from '../audit/chain-folder.ts';
import { headLine, type SignedHead } from '../audit/chain-head.ts';
import type { CheckpointTrust } from '../audit/compare-checkpoints.ts';
import { exportAudit } from '../audit/export-audit.ts';
import { newestHeads, parseHeads } from '../audit/kept-heads.ts';
import { keyOfPem, type VerifyingKey } from '../audit/signing-key.ts';
import { type ChainReport, verifyAudit } from '../audit/verify-audit.ts';
import type { Config } from '../config.ts';
import { openCheckpoints } from '../open-store.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { describeFileError } from './image-file.ts';
import { instant } from './option-values.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import type { ServiceClient } from './service/service-client.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface TrustOptions {
  readonly publicKey?: string;
  readonly heads?: string;
}

interface ExportOptions extends TrustOptions {
  readonly format: 'jsonl' | 'csv';
  readonly from?: number;
  readonly until?: number;
  readonly tenant?: string;
  readonly person?: string;
}

const PROGRESS_EVERY = 1_000_000;

export function addAuditCommand(program: Command, run: RunCommand): void {
  const audit = program.command('audit').description('The log of who did what: check it, or take it elsewhere.');
  trustOptions(audit.command('verify'))
    .description('Reads every record and names the first that was changed, moved, repeated or taken away.')
    .addHelpText(
      'after',
      '\nWith KITH_STORE the log is also compared with the checkpoints that nodes have left in the database, and the chains\n' +
        'of other nodes are named. With --url the service reads its log; the newest signed heads are checked here, by\n' +
        '--public-key and --heads.\n\nExit code 1 says that something is wrong.\n\nExample:\n  kith audit verify',
    )
    .action((options: TrustOptions, command: Command) =>
      run(command, (context) => verifyLog(context, options), 'either'),
    );
  audit
    .command('heads')
    .description('Prints the newest signed heads. Kept elsewhere, they show later that nothing before them is gone.')
    .addHelpText(
      'after',
      '\nExample:\n  kith audit heads > heads-of-may.jsonl\n  kith audit verify --heads heads-of-may.jsonl',
    )
    .action((_options: object, command: Command) => run(command, printHeads, 'either'));
  trustOptions(audit.command('export'))
    .description('Writes the records to standard output, in the order of time, each checked on the way.')
    .addOption(new Option('--format <format>', 'JSON lines or CSV').choices(['jsonl', 'csv']).default('jsonl'))
    .option('--from <time>', 'from this time on: 2031-05-01, or 2031-05-01T08:00:00Z; UTC unless it says', instant)
    .option('--until <time>', 'before this time', instant)
    .option('--tenant <id>', 'records of this tenant only')
    .option('--person <id>', 'records that name this person only')
    .addHelpText(
      'after',
      '\nWith --url: those of the tenant of the key, newest first, as the service tells them.\n\nExample:\n  kith audit export --format csv --from 2031-05-01 --until 2031-06-01 > may.csv',
    )
    .action((options: ExportOptions, command: Command) =>
      run(command, (context) => exportLog(context, options), 'either'),
    );
}

function trustOptions(command: Command): Command {
  return command
    .option('--public-key <file>', 'the public key, kept where nobody who can write the log can write')
    .option('--heads <file>', 'heads that kith audit heads printed earlier');
}

async function verifyLog(context: CommandContext, options: TrustOptions): Promise<ExitCode> {
  const { terminal, service, loadConfig } = context;
  if (service) {
    const { verifyRemoteLog } = await import('./audit/remote-audit.ts');
    const { publicKeyPath, keptHeads = [] } = await trustOf(options);
    const key = publicKeyPath === undefined ? undefined : await readKeptKey(publicKeyPath);
    return verifyRemoteLog(terminal, service, { keptHeads, ...(key ? { key } : {}) });
  }
  let nextNote = PROGRESS_EVERY;
  const config = loadConfig();
  const { trust, close, fault } = await checkpointsOf(config);
  const { isIntact, chains, elsewhere } = await orExplain(async () =>
    verifyAudit({
      ...(await trustOf(options)),
      folder: join(config.dataDir, AUDIT_FOLDER),
      checkpoints: trust,
      onProgress: (records) => {
        if (records < nextNote) return;
        terminal.note(`${nextNote} records so far`);
        nextNote += PROGRESS_EVERY;
      },
    }),
  ).finally(close);
  for (const report of chains) {
    terminal.record({ type: 'audit-chain', ...report });
    if (report.fault) terminal.say(terminal.paint('red', printable(describeFault(report.fault))));
    else terminal.say(`${terminal.paint('green', report.chain)}: ${describeIntact(report)}`);
  }
  for (const chain of elsewhere) {
    terminal.record({ type: 'audit-chain-elsewhere', ...chain });
    terminal.say(
      printable(
        `${chain.chain}: of ${chain.nodeName}, on another machine; ${chain.records} records were signed until ${chain.time}`,
      ),
    );
  }
  if (!isIntact) terminal.fail('kith: the audit log is not what was written.');
  if (fault !== undefined) {
    terminal.fail(`kith: the checkpoints in the database can't be read, so the files alone were looked at: ${fault}`);
  }
  return isIntact && fault === undefined ? EXIT.done : EXIT.someRefused;
}

interface ReadableCheckpoints {
  readonly trust?: CheckpointTrust;
  /** Why there are none to compare with. */
  readonly fault?: string;
  close(): Promise<void>;
}

/** Those of a shared store; the files are worth a look without them too. */
async function checkpointsOf(config: Config): Promise<ReadableCheckpoints> {
  const opened = await openCheckpoints(config);
  if (!opened) return { close: async () => undefined };
  const { close, ...trust } = opened;
  try {
    await trust.source.newest();
    return { trust, close };
  } catch (error) {
    return { fault: printable((error as Error).message), close };
  }
}

function describeIntact({ records, firstTime, lastTime, signedSeq, tornBytes }: ChainReport): string {
  const unsigned = records - signedSeq;
  return [
    `${records} records from ${firstTime ?? 'never'} to ${lastTime ?? 'never'}, intact`,
    unsigned === 0 ? 'all signed' : `the last ${unsigned} not signed yet`,
    ...(tornBytes === 0 ? [] : [`${tornBytes} bytes of an unfinished record behind them`]),
  ].join(', ');
}

async function printHeads({ terminal, service, loadConfig }: CommandContext): Promise<ExitCode> {
  if (service) return (await import('./audit/remote-audit.ts')).printRemoteHeads(terminal, service);
  const heads = await orExplain(() => newestHeads(join(loadConfig().dataDir, AUDIT_FOLDER)));
  for (const head of heads) {
    terminal.record({ type: 'audit-head', ...head });
    terminal.answer(headLine(head).toString('utf8').trimEnd());
  }
  return EXIT.done;
}

async function exportLog(context: CommandContext, options: ExportOptions): Promise<ExitCode> {
  const { terminal, output, service, loadConfig } = context;
  if (service) return exportThere(context, service, options);
  try {
    const count = await orExplain(async () =>
      exportAudit({
        ...(await trustOf(options)),
        folder: join(loadConfig().dataDir, AUDIT_FOLDER),
        output,
        format: options.format,
        fromMs: options.from,
        untilMs: options.until,
        tenantId: options.tenant,
        personId: options.person,
      }),
    );
    terminal.note(`${count} records`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof AuditFaultError)) throw error;
    terminal.fail(`kith: the export ends before what was changed: ${printable(error.message)}`);
    return EXIT.someRefused;
  }
}

/** What a service tells of its log, and only of its key's own tenant. */
async function exportThere(
  { terminal, output }: CommandContext,
  service: ServiceClient,
  options: ExportOptions,
): Promise<ExitCode> {
  if (options.tenant !== undefined) {
    throw new UsageError("Through a service the records are those of the key's own tenant: leave out --tenant.");
  }
  if (options.publicKey !== undefined || options.heads !== undefined) {
    throw new UsageError(
      'Records that a service tells carry no signatures to check: leave out --public-key and --heads, and use them with kith audit verify.',
    );
  }
  const { format, from: fromMs, until: untilMs, person: personId } = options;
  const { exportRemoteLog } = await import('./audit/remote-audit.ts');
  const records = await exportRemoteLog(service, output, { format, fromMs, untilMs, personId });
  terminal.note(`${count(records, 'record')}, as the service tells them: kith audit verify has it check them`);
  return EXIT.done;
}

async function readKeptKey(path: string): Promise<VerifyingKey> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path}: ${describeFileError(error)}`);
  });
  try {
    return keyOfPem(text);
  } catch (error) {
    throw new UsageError(`${path} is no public key of an audit log, as public-key.pem is one.`, { cause: error });
  }
}

async function trustOf(options: TrustOptions): Promise<{ publicKeyPath?: string; keptHeads?: readonly SignedHead[] }> {
  return {
    ...(options.publicKey === undefined ? {} : { publicKeyPath: options.publicKey }),
    ...(options.heads === undefined ? {} : { keptHeads: await readHeadsFile(options.heads) }),
  };
}

async function readHeadsFile(path: string): Promise<readonly SignedHead[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path}: ${describeFileError(error)}`);
  });
  const heads = parseHeads(text);
  if (!heads) throw new UsageError(`${path} is not what kith audit heads prints.`);
  return heads;
}

async function orExplain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuditUnreadableError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
