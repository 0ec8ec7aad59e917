import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { openRecords, removeCopies } from '../compose.ts';
import { passwordIn, withPassword } from '../config.ts';
import { audited } from '../core/audited.ts';
import { lockImports, lockService } from '../data-dir.ts';
import { DATABASE_FILE } from '../open-store.ts';
import { type MovedCount, moveRows } from '../store/move/move-rows.ts';
import { MoveRefusedError } from '../store/move/moved-tables.ts';
import { openPostgresTarget, readPostgresRows } from '../store/move/postgres-rows.ts';
import { type OpenedRows, type OpenedTarget, openSqliteTarget, readSqliteRows } from '../store/move/sqlite-rows.ts';
import { type CommandContext, closing, requireData } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { RunCommand } from './program.ts';
import { listenForStop } from './stop-signal.ts';
import { formatTable } from './table.ts';
import { StoppedError, UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface MigrateOptions {
  readonly from: string;
  readonly to: string;
  readonly passwordFile?: string;
  readonly anew?: true;
}

/** Often enough to see that it goes on. */
const ROWS_A_LINE = 100_000;

export function addMigrateCommand(program: Command, run: RunCommand): void {
  program
    .command('migrate')
    .description('Moves what is stored from the embedded store into PostgreSQL, or back. Stop the service first.')
    .requiredOption('--from <place>', 'a data directory, or postgres://user@host/database')
    .requiredOption('--to <place>', 'the other of the two; nothing may be there yet')
    .option('--password-file <file>', "the password of the database's user; others can see what is on a command line")
    .option('--anew', 'forget what an earlier run that did not end has moved')
    .addHelpText(
      'after',
      `
Rows are copied as they are, sealed; nothing is opened. It can be stopped and run again, and then goes on where it was.
Nobody sees anything of it on the other side until all is there and compared. The master key and the audit log stay where
they are, in the data directory.

Examples:
  kith migrate --from ./data --to postgres://kith@db.example.org/kith --password-file db-password
  kith migrate --from postgres://kith@db.example.org/kith --to ./data --password-file db-password`,
    )
    .action((options: MigrateOptions, command: Command) => run(command, (context) => migrate(context, options)));
}

async function migrate(context: CommandContext, options: MigrateOptions): Promise<ExitCode> {
  if (isAddress(options.from) === isAddress(options.to)) {
    throw new UsageError('One of --from and --to is a data directory, and the other the address of a database.');
  }
  try {
    return await (isAddress(options.to) ? intoDatabase(context, options) : intoDirectory(context, options));
  } catch (error) {
    if (error instanceof MoveRefusedError) throw new UsageError(error.message.replace(/\banew\b/, 'with --anew'));
    throw error;
  }
}

async function intoDatabase(context: CommandContext, options: MigrateOptions): Promise<ExitCode> {
  const { storeUrl: _elsewhere, ...rest } = context.loadConfig();
  const config = { ...rest, storeUrl: undefined, dataDir: resolve(options.from) };
  requireData(config);
  const address = addressOf(options.to, options);
  const locks = [await lockService(config), await lockImports(config)];
  try {
    if (locks.includes(undefined)) throw new UsageError(`Something runs on ${config.dataDir}: stop it first.`);
    // Opened as a command does: an older schema is brought up to date, and what was erased is
    await closing(await openRecords(config, 'command-line'), (deps) => {
      if (deps.vault.isRotating) {
        throw new UsageError('The master key is being replaced: start the service until it says that this is done.');
      }
      return audited(deps, { action: 'migrate', countsOf: (rows: number) => ({ rows }) }, () =>
        move(context, {
          from: () => readSqliteRows(join(config.dataDir, DATABASE_FILE)),
          into: () => openPostgresTarget(address, { anew: options.anew === true }),
        }),
      );
    });
  } finally {
    for (const lock of locks) lock?.release();
  }
  context.terminal.note(
    `Start the service with KITH_STORE on the same data directory: the master key and the audit log are in it. Every ` +
      `other node needs the same master key. ${DATABASE_FILE} is still there as it was; delete it when you are sure, as ` +
      'it keeps whom you erase from now on.',
  );
  return EXIT.done;
}

async function intoDirectory(context: CommandContext, options: MigrateOptions): Promise<ExitCode> {
  const dataDir = resolve(options.to);
  const address = addressOf(options.from, options);
  const lock = await lockService({ dataDir });
  if (!lock) throw new UsageError(`A service runs on ${dataDir}: stop it first.`);
  try {
    await move(context, {
      from: () => readPostgresRows(address),
      into: () => openSqliteTarget(join(dataDir, DATABASE_FILE), { anew: options.anew === true }),
    });
    await removeCopies({ dataDir });
  } finally {
    lock.release();
  }
  context.terminal.note(
    `The master key of the nodes must be in ${dataDir} (master.key), or be set as theirs was. Their audit logs stay where ` +
      'they are. The database is still as it was; drop its schema when you are sure, as it keeps whom you erase from now on.',
  );
  return EXIT.done;
}

interface Sides {
  readonly from: () => Promise<OpenedRows>;
  readonly into: () => Promise<OpenedTarget>;
}

/** Answers how many rows are there now. */
async function move({ terminal }: CommandContext, sides: Sides): Promise<number> {
  const stop = listenForStop(() => terminal.note('Stopping; run it again to go on.'));
  const { signal } = stop;
  try {
    const counts = await closing(await sides.from(), async (from) =>
      closing(await sides.into(), async (into) => {
        const moved = await moveRows({
          from: from.rows,
          into: into.rows,
          signal,
          onProgress: ({ table, rows, isCheck }) => {
            if (rows % ROWS_A_LINE === 0) terminal.note(`${isCheck ? 'Compared' : 'Copied'} ${rows} of ${table}`);
          },
        });
        await into.finish();
        return moved;
      }),
    );
    return report(terminal, counts);
  } catch (error) {
    if (signal.aborted) throw new StoppedError('Stopped: nobody sees what was moved so far. Run it again to go on.');
    throw error;
  } finally {
    stop.release();
  }
}

function report(terminal: CommandContext['terminal'], counts: readonly MovedCount[]): number {
  for (const { table, rows, sha256 } of counts) terminal.record({ type: 'table', table, rows, sha256 });
  const filled = counts.filter(({ rows }) => rows > 0);
  if (!terminal.isQuiet) {
    terminal.answer(
      formatTable(
        terminal,
        ['table', 'rows', 'the same on both sides (SHA-256)'],
        filled.map(({ table, rows, sha256 }) => [table, String(rows), sha256.slice(0, 16)]),
      ),
    );
  }
  const rows = counts.reduce((sum, table) => sum + table.rows, 0);
  terminal.record({ type: 'migrated', rows });
  terminal.say(`Moved ${count(rows, 'row')}; each table was read again on both sides and is the same.`);
  return rows;
}

function isAddress(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

function addressOf(place: string, { passwordFile }: MigrateOptions): string {
  if (passwordFile === undefined) return place;
  const address = withPassword(place, passwordIn(passwordFile));
  if (address === place) throw new UsageError('With --password-file the address names a user, and no password.');
  return address;
}
