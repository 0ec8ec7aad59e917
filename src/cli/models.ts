import { join } from 'node:path';
import type { Command } from 'commander';
import { modelsDirOf } from '../compose.ts';
import type { ModelPack } from '../core/types.ts';
import { openAddedEmbedder } from '../vision/added-embedder.ts';
import { CATALOGUE, publicPack } from '../vision/model-catalogue.ts';
import { packOf } from '../vision/model-manifest.ts';
import { ModelRefusedError } from '../vision/model-refused-error.ts';
import { addPack, listAddedPacks, readAddedManifest, readManifest, readModelWeights } from '../vision/models-folder.ts';
import type { ModelManifest } from '../vision/parse-manifest.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addCalibrateCommand } from './models/calibrate.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { pathTo } from './service/path-to.ts';
import type { ServiceClient } from './service/service-client.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage-error.ts';

export function addModelsCommand(program: Command, run: RunCommand): void {
  const models = program.command('models').description('Face models: those that come with Kith, and your own.');
  models
    .command('list')
    .description('Lists the model packs, whose weights they are and what their error rates rest on.')
    .addHelpText('after', '\nExample:\n  kith models list')
    .action((_options: object, command: Command) => run(command, listModels, 'either'));
  models
    .command('add')
    .description('Adds a model of your own: checks it against its manifest, tries it, copies it to the data directory.')
    .argument('<manifest.json>', 'its description, beside the ONNX file')
    .addHelpText(
      'after',
      '\ndocs/models.md shows what a manifest holds.\n\nExample:\n  kith models add ./r50/manifest.json',
    )
    .action((manifest: string, _options: object, command: Command) =>
      run(command, (context) => addModel(context, manifest)),
    );
  models
    .command('check')
    .description('Checks added models again: their files, their shapes, and that they answer as they should.')
    .argument('[pack]', 'one of them; without it all')
    .addHelpText('after', '\nExit code 1 says that something is wrong.\n\nExample:\n  kith models check')
    .action((packId: string | undefined, _options: object, command: Command) =>
      run(command, (context) => checkModels(context, packId)),
    );
  addCalibrateCommand(models, run);
}

interface ListedPack extends Pick<ModelPack, 'version' | 'description' | 'weightsLicence' | 'trainingData'> {
  readonly pack: string;
  /** Not told by a service. */
  readonly source?: string;
  readonly templateLength: number;
  readonly calibratedOn: string;
  readonly recognitionModels: readonly string[];
}

async function listModels(context: CommandContext): Promise<ExitCode> {
  const { terminal, service } = context;
  const packs = await (service ? packsThere(service) : packsHere(context));
  for (const pack of packs) terminal.record({ type: 'model', ...pack });
  const rows = packs.map(({ pack, source, templateLength, recognitionModels, weightsLicence }) => [
    printable(pack),
    ...(source === undefined ? [] : [source]),
    String(templateLength),
    printable(recognitionModels.join(', ') || 'nothing'),
    printable(weightsLicence),
  ]);
  const head = ['Pack', ...(service ? [] : ['From']), 'Numbers', 'Answers for', 'Licence of weights'];
  terminal.answer(formatTable(terminal, head, rows));
  return EXIT.done;
}

async function packsThere(service: ServiceClient): Promise<readonly ListedPack[]> {
  const { Models } = await import('../dialects/kith/wire.ts');
  const { models } = await service.call({
    method: 'GET',
    path: pathTo('models'),
    answers: Models,
    isRepeatable: true,
  });
  return models;
}

async function packsHere({ terminal, loadConfig }: CommandContext): Promise<readonly ListedPack[]> {
  const config = loadConfig();
  const modelsDir = modelsDirOf(config);
  const packs: (ModelPack & { readonly source: string })[] = CATALOGUE.map((pack) => ({
    ...publicPack(pack),
    source: 'comes with Kith',
  }));
  for (const packId of await listAddedPacks(modelsDir)) {
    try {
      packs.push({ ...packOf(await readAddedManifest(modelsDir, packId)), source: 'added' });
    } catch (error) {
      if (!(error instanceof ModelRefusedError)) throw error;
      terminal.fail(printable(error.message));
    }
  }
  const namesOf = (packId: string): string[] =>
    [...config.recognitionModels].flatMap(([name, answering]) => (answering === packId ? [name] : []));
  return packs.map((pack) => ({
    pack: pack.packId,
    version: pack.version,
    source: pack.source,
    description: pack.description,
    templateLength: pack.dims,
    weightsLicence: pack.weightsLicence,
    trainingData: pack.trainingData,
    calibratedOn: pack.calibration.measuredOn,
    recognitionModels: namesOf(pack.packId),
  }));
}

async function addModel({ terminal, loadConfig }: CommandContext, manifestPath: string): Promise<ExitCode> {
  const modelsDir = modelsDirOf(loadConfig());
  return refusing(async () => {
    // Tried where it lies: what doesn't work never gets into the data directory
    const manifest = await readManifest(manifestPath);
    await tryModel(join(manifestPath, '..'), manifest);
    await addPack(modelsDir, manifestPath);
    const { packId } = manifest;
    terminal.record({ type: 'added', pack: packId, calibrated: manifest.calibration !== undefined });
    terminal.say(
      `Added the pack "${packId}". To use it, give it a name: KITH_RECOGNITION_MODELS=recognition_04=fast,mine=${packId}`,
    );
    if (!manifest.calibration) {
      terminal.say(
        `It can't answer yet, as its error rates are not known: measure them with "kith models calibrate ${packId} ./labelled-photos".`,
      );
    }
    return EXIT.done;
  });
}

async function checkModels({ terminal, loadConfig }: CommandContext, only: string | undefined): Promise<ExitCode> {
  const modelsDir = modelsDirOf(loadConfig());
  const added = await listAddedPacks(modelsDir);
  if (only !== undefined && !added.includes(only)) {
    const known = added.length > 0 ? `added are: ${added.join(', ')}` : 'none was added';
    throw new UsageError(`There is no added model "${printable(only)}"; ${known}.`);
  }
  const packIds = only === undefined ? added : [only];
  if (packIds.length === 0) terminal.say('No models were added; those that come with Kith are checked at every start.');
  let faults = 0;
  for (const packId of packIds) {
    try {
      await tryModel(join(modelsDir, packId), await readAddedManifest(modelsDir, packId));
      terminal.record({ type: 'checked', pack: packId });
      terminal.say(`${packId}: as its manifest says.`);
    } catch (error) {
      if (!(error instanceof ModelRefusedError)) throw error;
      faults++;
      terminal.record({ type: 'refused', pack: packId, message: error.message });
      terminal.fail(printable(error.message));
    }
  }
  return faults === 0 ? EXIT.done : EXIT.someRefused;
}

async function tryModel(folder: string, manifest: ModelManifest): Promise<void> {
  const embedder = await openAddedEmbedder(await readModelWeights(folder, manifest), manifest, { intraOpThreads: 1 });
  await embedder.close();
}

/** What is wrong with a model is its owner's to mend, not a fault of the program. */
export async function refusing(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ModelRefusedError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
