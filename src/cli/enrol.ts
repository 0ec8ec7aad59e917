import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config } from '../config.ts';
import { checkGalleryId } from '../core/checks.ts';
import type { QualityLevel } from '../core/types.ts';
import { lockImports } from '../data-dir.ts';
import { type CommandContext, closing, loadParts } from './command-context.ts';
import { openLocalTaker } from './enrol/local-taker.ts';
import { parsePersonPattern } from './enrol/person-pattern.ts';
import type { PhotoPlan } from './enrol/photo-plan.ts';
import type { PhotoTaker, TakerOptions } from './enrol/photo-taker.ts';
import { planByCsv } from './enrol/plan-csv.ts';
import { planByPattern, planFolderPerPerson } from './enrol/plan-folder.ts';
import { openReport } from './enrol/report.ts';
import { runEnrolment } from './enrol/run-enrolment.ts';
import { sayAside } from './enrol/summary.ts';
import type { ExitCode } from './exit-codes.ts';
import { describeFileError } from './image-file.ts';
import { wholeNumber } from './option-values.ts';
import type { RunCommand } from './program.ts';
import { PHOTOS_ON_THE_WAY } from './service/photos-on-the-way.ts';
import { UsageError } from './usage-error.ts';

interface EnrolCommandOptions {
  readonly gallery: string;
  readonly pattern?: string;
  readonly csv?: string;
  readonly jobs?: number;
  readonly minQuality: QualityLevel;
  readonly largestFace?: true;
  readonly dryRun?: true;
  readonly keepPhotos?: boolean;
  readonly report?: string;
}

const MAX_JOBS = 64;

export function addEnrolCommand(program: Command, run: RunCommand): void {
  program
    .command('enrol')
    .description('Adds people to a gallery from their photos. Running it again adds only what is new.')
    .argument('[folder]', 'a folder with a folder for each person, named after them')
    .requiredOption('-g, --gallery <id>', 'the gallery; made when it is missing')
    .showHelpAfterError('Example: kith enrol ./people --gallery family (kith enrol --help tells more)')
    .addOption(
      new Option('--pattern <pattern>', "take the person from the file's name instead: '{person}_*.jpg'").conflicts(
        'csv',
      ),
    )
    .option('--csv <file>', 'take persons, files and consents from a spreadsheet with the columns person and file')
    .option('--jobs <n>', 'photos read at once, each on a core and with about 250 MB', wholeNumber(1, MAX_JOBS))
    .addOption(
      new Option('--min-quality <level>', 'refuse faces that would be recognised worse')
        .choices(['low', 'medium', 'high'])
        .default('medium'),
    )
    .option('--largest-face', 'of several faces in a photo take the largest, instead of refusing it')
    .option('--keep-photos', 'when the gallery is made: keep a small, sealed picture of each enrolled face')
    .option('--dry-run', 'look at every photo, say what would happen, write nothing')
    .option('--report <file.csv>', 'write what became of each photo into a spreadsheet')
    .addHelpText(
      'after',
      `
Examples:
  kith enrol ./people --gallery family             people/Anna/1.jpg, people/Ben/holiday.png, …
  kith enrol ./scans -g staff --pattern '{person}_{n}.jpg'
  kith enrol -g club --csv members.csv --report refused.csv

With --csv these columns put a person's consent on record, as kith consent give does: consent_method, consent_text (the
file with what was consented to) or consent_text_hash, and as needed consent_by, consent_given, consent_until.
In a pattern {person} is the name, {n} a number, * anything, ? one character.
Stopped by Ctrl-C or a crash, run the same command again: photos are known by their content, and none is enrolled twice.`,
    )
    .action((folder: string | undefined, options: EnrolCommandOptions, command: Command) =>
      run(command, (context) => enrol(context, folder, options), 'either'),
    );
}

async function enrol(
  context: CommandContext,
  folder: string | undefined,
  options: EnrolCommandOptions,
): Promise<ExitCode> {
  checkGalleryId(options.gallery);
  const plan = await makePlan(folder, options);
  sayAside(context.terminal, plan.aside);
  if (plan.photos.length === 0 && plan.refused.length === 0) throw new UsageError(nothingFound(folder, options));

  const report = options.report === undefined ? undefined : await openReport(options.report);
  const takerOptions = {
    galleryId: options.gallery,
    isDryRun: options.dryRun === true,
    target: options.largestFace ? ('largest' as const) : undefined,
    minQuality: options.minQuality,
    keepPhotos: options.keepPhotos === true,
    note: (line: string) => context.terminal.note(line),
  };
  const run = (taker: PhotoTaker, photosAtOnce: number): Promise<ExitCode> =>
    runEnrolment(taker, plan, { ...takerOptions, terminal: context.terminal, report, photosAtOnce });
  try {
    if (context.service) {
      const { openRemoteTaker } = await import('./enrol/remote-taker.ts');
      const taker = await openRemoteTaker(context.service, takerOptions);
      return await run(taker, options.jobs ?? PHOTOS_ON_THE_WAY);
    }
    return await enrolHere(context, options, takerOptions, run);
  } finally {
    await report?.close();
  }
}

/** Into the data directory, one import at a time. */
async function enrolHere(
  context: CommandContext,
  options: EnrolCommandOptions,
  takerOptions: TakerOptions,
  run: (taker: PhotoTaker, photosAtOnce: number) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = withJobs(context.loadConfig(), options.jobs);
  const { composeWithoutIndex } = await loadParts();
  const lock = takerOptions.isDryRun ? undefined : await lockImports(config);
  try {
    if (!takerOptions.isDryRun && !lock) {
      throw new UsageError('Another kith enrol is at work on this data directory: wait for it, or stop it.');
    }
    return await closing(await composeWithoutIndex(config, 'command-line'), async (deps) =>
      run(await openLocalTaker(deps, takerOptions), 2 * config.engineProcesses),
    );
  } finally {
    lock?.release();
  }
}

function withJobs(config: Config, jobs: number | undefined): Config {
  return jobs === undefined ? config : { ...config, engineProcesses: jobs };
}

async function makePlan(folder: string | undefined, options: EnrolCommandOptions): Promise<PhotoPlan> {
  if (folder !== undefined) await requireFolder(folder);
  if (options.csv !== undefined) {
    await requireFile(options.csv);
    return planByCsv(options.csv, resolve(folder ?? dirname(options.csv)));
  }
  if (folder === undefined) throw new UsageError('Name the folder with the photos, or a spreadsheet with --csv.');
  if (options.pattern === undefined) return planFolderPerPerson(folder);
  return planByPattern(folder, parsePersonPattern(options.pattern));
}

async function requireFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch((error) => {
    throw new UsageError(`${folder}: ${describeFileError(error)}`);
  });
  if (!stats.isDirectory()) throw new UsageError(`${folder} is not a folder.`);
}

async function requireFile(path: string): Promise<void> {
  const stats = await stat(path).catch((error) => {
    throw new UsageError(`${path}: ${describeFileError(error)}`);
  });
  if (stats.isDirectory()) throw new UsageError(`${path} is a folder, not a spreadsheet.`);
}

function nothingFound(folder: string | undefined, options: EnrolCommandOptions): string {
  if (options.csv !== undefined) return `${options.csv} names no photos.`;
  if (options.pattern !== undefined) return `No photo in ${folder} fits the pattern ${options.pattern}.`;
  return `There are no photos in ${folder}: put each person's photos into a folder named after them, or use --pattern or --csv.`;
}
