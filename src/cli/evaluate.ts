import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { openEngine } from '../compose.ts';
import type { Config } from '../config.ts';
import { type Evaluation, evaluateFaces, TooFewFacesError } from '../core/evaluation/evaluate-faces.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../core/limits.ts';
import type { ModelPack, QualityLevel } from '../core/types.ts';
import { type CommandContext, closing } from './command-context.ts';
import { planFolderPerPerson } from './enrol/plan-folder.ts';
import { sayAside } from './enrol/summary.ts';
import { faceThumbnail } from './evaluate/face-thumbnail.ts';
import { type FaceRule, type ReadFaces, readFaces } from './evaluate/read-faces.ts';
import { readGroups } from './evaluate/read-groups.ts';
import { interval, isReportPage, reportPage, share } from './evaluate/report-page.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { describeFileError } from './image-file.ts';
import { requireOlderReport } from './older-report.ts';
import { wholeNumber } from './option-values.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { adviceFor } from './refusals.ts';
import { listenForStop } from './stop-signal.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface EvaluateOptions {
  readonly report: string;
  readonly groups?: string;
  readonly withPictures?: true;
  readonly face: FaceRule;
  readonly minQuality: QualityLevel;
  readonly pack?: string;
  readonly draws: number;
  readonly seed: number;
}

/** All pairs are compared and kept: 100 million numbers at 10,000 photos. */
const MAX_PHOTOS = 10_000;
const MAX_DRAWS = 1000;

export function addEvaluateCommand(program: Command, run: RunCommand): void {
  program
    .command('evaluate')
    .description('Measures on your own photos how often Kith is right, and writes a report. Keeps nothing else.')
    .argument('<folder>', 'a folder with a folder for each person, named after them; several photos of some')
    .option('--report <file.html>', 'where the report goes', 'kith-evaluation.html')
    .option('--groups <file.csv>', 'also by group: a spreadsheet with the columns person and group')
    .option('--with-pictures', 'show the faces that went wrong; without it the report names files only')
    .addOption(
      new Option('--face <which>', 'whom a photo of several faces shows')
        .choices(['only', 'largest', 'centre'])
        .default('only'),
    )
    .addOption(
      new Option('--min-quality <level>', 'quality that enrolment would ask for')
        .choices(['low', 'medium', 'high'])
        .default('medium'),
    )
    .option('--pack <id>', 'the model pack, instead of the one that new galleries get')
    .option('--draws <n>', 'random galleries to search', wholeNumber(1, MAX_DRAWS), 20)
    .option('--seed <n>', 'other galleries are drawn with another number', wholeNumber(0, 2 ** 31), 1)
    .addHelpText(
      'after',
      '\nExamples:\n  kith evaluate ./labelled-photos\n  kith evaluate ./staff --groups sites.csv --with-pictures --report staff.html',
    )
    .action((folder: string, options: EvaluateOptions, command: Command) =>
      run(command, (context) => evaluate(context, folder, options)),
    );
}

async function evaluate(context: CommandContext, folder: string, options: EvaluateOptions): Promise<ExitCode> {
  const { terminal } = context;
  const config = withPack(context.loadConfig(), options.pack);
  await requireOlderReport(options.report, { command: 'kith evaluate', isReport: isReportPage });
  const plan = await planFolderPerPerson(folder).catch((error) => {
    throw new UsageError(`${folder}: ${describeFileError(error)}`);
  });
  const groupOf = options.groups === undefined ? undefined : await readGroups(options.groups);
  sayAside(terminal, plan.aside);
  if (plan.photos.length === 0) throw new UsageError(`There are no photos in ${folder}, a folder for each person.`);
  if (plan.photos.length > MAX_PHOTOS) {
    throw new UsageError(`${folder} holds ${plan.photos.length} photos; at most ${MAX_PHOTOS} are compared at once.`);
  }
  const stop = listenForStop(() => terminal.note('Stopping.'));
  try {
    const { pack, read } = await closing(await openEngine(config), async (deps) => {
      const pack = packNamed(
        deps.engine.packs,
        options.pack ?? config.recognitionModels.get(DEFAULT_RECOGNITION_MODEL),
      );
      const photosAtOnce = 2 * config.engineProcesses;
      return {
        pack,
        read: await readFaces(deps, plan.photos, { ...options, terminal, stop, photosAtOnce, packId: pack.packId }),
      };
    });
    if (stop.signal.aborted) return EXIT.interrupted;
    for (const { file, person, reason, message } of read.refusals) {
      terminal.record({ type: 'refused', file, person, reason, message, advice: adviceFor(reason) });
    }
    terminal.note('Comparing everybody with everybody.');
    const evaluation = await evaluateFaces(read.faces, {
      calibration: pack.calibration,
      trials: options.draws,
      seed: options.seed,
      ...(groupOf ? { groupOf } : {}),
      signal: stop.signal,
    });
    await writeReport(options, { folder, pack, read, evaluation, photos: plan.photos.length });
    terminal.record({
      type: 'evaluation',
      pack: pack.packId,
      photos: plan.photos.length,
      ...withFiles(evaluation, read),
    });
    summarise(terminal, evaluation, { report: options.report, refused: read.refusals.length });
    return EXIT.done;
  } catch (error) {
    if (error instanceof TooFewFacesError) throw new UsageError(error.message);
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    stop.release();
  }
}

/** A pack that is named is the only one to be loaded. */
function withPack(config: Config, packId: string | undefined): Config {
  return packId === undefined
    ? config
    : { ...config, recognitionModels: new Map([[DEFAULT_RECOGNITION_MODEL, packId]]) };
}

function packNamed(packs: readonly ModelPack[], packId: string | undefined): ModelPack {
  const pack = packs.find((candidate) => candidate.packId === packId);
  if (pack) return pack;
  const known = packs.map((candidate) => candidate.packId).join(', ');
  throw new UsageError(`There is no model pack "${packId}"; there are: ${known}.`);
}

interface Measured {
  readonly folder: string;
  readonly pack: ModelPack;
  readonly read: ReadFaces;
  readonly evaluation: Evaluation;
  readonly photos: number;
}

async function writeReport(
  options: EvaluateOptions,
  { folder, pack, read, evaluation, photos }: Measured,
): Promise<void> {
  const faceThumbnails = new Map<number, string | undefined>();
  const photoThumbnails = new Map<string, string | undefined>();
  if (options.withPictures) {
    const { worstGenuine, worstImpostor } = evaluation.verification;
    for (const face of new Set([...worstGenuine, ...worstImpostor].flatMap((pair) => pair.faces))) {
      const place = read.places[face];
      if (place) faceThumbnails.set(face, await faceThumbnail(place.path, place.box));
    }
    for (const { file, path } of read.refusals.slice(0, 60)) {
      photoThumbnails.set(file, await faceThumbnail(path, undefined));
    }
  }
  const page = reportPage({
    folder: printable(folder),
    createdAt: new Date().toISOString().slice(0, 10),
    pack,
    faces: read.faces,
    photos,
    refusals: read.refusals,
    evaluation,
    faceThumbnail: (face) => faceThumbnails.get(face),
    photoThumbnail: (file) => photoThumbnails.get(file),
  });
  try {
    await writeFile(options.report, page, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`The report ${options.report} can't be written. ${describeFileError(error)}`, {
      cause: error,
    });
  }
}

/** With the names of files where the figures have numbers of faces. */
function withFiles(evaluation: Evaluation, { faces }: ReadFaces): Evaluation & Readonly<Record<string, unknown>> {
  const named = (pairs: Evaluation['verification']['worstGenuine']) =>
    pairs.map((pair) => ({ ...pair, files: pair.faces.map((face) => faces[face]?.file) }));
  const { verification } = evaluation;
  return {
    ...evaluation,
    verification: {
      ...verification,
      worstGenuine: named(verification.worstGenuine),
      worstImpostor: named(verification.worstImpostor),
    },
  };
}

function summarise(
  terminal: Terminal,
  { faces, persons, identification, recommended, calibration }: Evaluation,
  { report, refused }: { readonly report: string; readonly refused: number },
): void {
  const people = count(identification.galleryPersons, 'person', 'people');
  terminal.say(
    `${count(faces, 'face')} of ${count(persons, 'person', 'people')}, ${count(refused, 'photo')} that enrolment would refuse.`,
  );
  terminal.say(`In a gallery of ${people}, with the others as strangers:`);
  const rows = identification.atFpir.map(({ fpir, fnir, fnirInterval, threshold }) => [
    share(fpir),
    fnir === 0 ? `none of ${identification.matedPersons} people` : share(fnir),
    interval(fnirInterval),
    threshold.toFixed(3),
  ]);
  if (rows.length > 0) {
    terminal.answer(
      formatTable(terminal, ['Strangers named', 'Own people missed', '95 % interval', 'Threshold'], rows),
    );
  } else terminal.say('There are too few people to say how often strangers would be named.');
  terminal.say(
    `Recommended targetFpir: ${recommended.targetFpir}. Of 1,000 photos of enrolled people ${Math.round(1000 * recommended.enrolled.match)} are named, of 1,000 strangers ${Math.round(1000 * recommended.strangers.match)}.`,
  );
  const broken = calibration.filter(
    ({ measuredFpir, statedInterval }) => measuredFpir < statedInterval.lower || measuredFpir > statedInterval.upper,
  );
  if (broken.length > 0) {
    terminal.note(
      `In ${broken.length} of ${calibration.length} checks strangers were named at another rate than promised: see the report.`,
    );
  }
  terminal.say(`Everything else is in ${printable(report)}.`);
}
