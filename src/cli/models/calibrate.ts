import { type Command, Option } from 'commander';
import { modelsDirOf, openEngine } from '../../compose.ts';
import { calibratePack, TooFewPairsError } from '../../core/evaluation/calibrate-pack.ts';
import { compareFaces, pairScores } from '../../core/evaluation/face-comparisons.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { ModelRefusedError } from '../../vision/model-refused-error.ts';
import { readAddedManifest, updateManifest } from '../../vision/models-folder.ts';
import { type CommandContext, closing } from '../command-context.ts';
import { planFolderPerPerson } from '../enrol/plan-folder.ts';
import { sayAside } from '../enrol/summary.ts';
import { type FaceRule, readFaces } from '../evaluate/read-faces.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { describeFileError } from '../image-file.ts';
import type { RunCommand } from '../program.ts';
import { listenForStop } from '../stop-signal.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

interface CalibrateOptions {
  readonly face: FaceRule;
}

export function addCalibrateCommand(models: Command, run: RunCommand): void {
  models
    .command('calibrate')
    .description('Measures how the scores of an added model are to be read, and writes it into its manifest.')
    .argument('<pack>', 'an added model')
    .argument('<folder>', 'a folder with a folder for each person: 150 people and more, many with two photos')
    .addOption(
      new Option('--face <which>', 'whom a photo of several faces shows')
        .choices(['only', 'largest', 'centre'])
        .default('only'),
    )
    .addHelpText(
      'after',
      '\nPeople under two names, and photos in the wrong folder, spoil the measurement: kith evaluate shows them.\n\nExample:\n  kith models calibrate r50 ./labelled-photos',
    )
    .action((packId: string, folder: string, options: CalibrateOptions, command: Command) =>
      run(command, (context) => calibrate(context, { packId, folder, face: options.face })),
    );
}

async function calibrate(
  { terminal, loadConfig }: CommandContext,
  { packId, folder, face }: { readonly packId: string; readonly folder: string; readonly face: FaceRule },
): Promise<ExitCode> {
  const config = { ...loadConfig(), recognitionModels: new Map([[DEFAULT_RECOGNITION_MODEL, packId]]) };
  const modelsDir = modelsDirOf(config);
  const plan = await planFolderPerPerson(folder).catch((error) => {
    throw new UsageError(`${folder}: ${describeFileError(error)}`);
  });
  sayAside(terminal, plan.aside);
  const stop = listenForStop(() => terminal.note('Stopping.'));
  try {
    const manifest = await readAddedManifest(modelsDir, packId);
    const { faces } = await closing(await openEngine(config), (deps) =>
      readFaces(deps, plan.photos, {
        terminal,
        stop,
        packId,
        face,
        photosAtOnce: 2 * config.engineProcesses,
        minQuality: 'low',
      }),
    );
    if (stop.signal.aborted) return EXIT.interrupted;
    const pairs = pairScores(await compareFaces(faces, stop.signal), 1);
    const people = new Set(faces.map(({ personName }) => personName)).size;
    const photographs = `${count(faces.length, 'photo')} of ${count(people, 'person', 'people')} chosen by the owner`;
    const calibration = calibratePack(pairs, photographs);
    await updateManifest(modelsDir, { ...manifest, calibration });
    terminal.record({ type: 'calibrated', pack: packId, ...calibration });
    terminal.say(
      `Calibrated "${packId}": confidence 0.5 at a score of ${calibration.midpointScore.toFixed(3)}. A running service reads it when it starts again.`,
    );
    return EXIT.done;
  } catch (error) {
    if (error instanceof ModelRefusedError || error instanceof TooFewPairsError) {
      throw new UsageError(error.message, { cause: error });
    }
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    stop.release();
  }
}
