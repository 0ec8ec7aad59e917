import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_RETENTION_DAYS } from '../core/limits.ts';
import type { ConsentPolicy } from '../core/types.ts';
import { createGallery, deleteGallery, setGallery } from './gallery/change-galleries.ts';
import { galleryRetention, type RetentionOptions } from './gallery/gallery-retention.ts';
import { showStats } from './gallery/gallery-stats.ts';
import { listGalleries } from './gallery/list-galleries.ts';
import { rekeyGallery } from './gallery/rekey-gallery.ts';
import { upgradeModel } from './gallery/upgrade-model.ts';
import { wholeNumber } from './option-values.ts';
import type { RunCommand } from './program.ts';

const FPIR = ['--target-fpir <rate>', 'strangers who may be shown a name: 0.01 is about 1 in 100', rate] as const;
const PURPOSE = ['--purpose <text>', 'why faces are recognised here; published, so name nobody'] as const;
const LAWFUL_BASIS = ['--lawful-basis <text>', 'what law allows it; published too'] as const;
const RETENTION_DAYS = [
  '--retention-days <days>',
  'erase whom nobody enrolled, found or verified for so long',
  wholeNumber(1, MAX_RETENTION_DAYS),
] as const;

const TWO_PERSON_RULE = 'two people, with a key each, have to confirm whom a search names';

export function addGalleryCommand(program: Command, run: RunCommand): void {
  const gallery = program.command('gallery').description('The galleries: people who are searched together.');
  gallery
    .command('list')
    .description('Lists the galleries with the number of people and photos in each.')
    .addHelpText('after', '\nExample:\n  kith gallery list --json')
    .action((_options: object, command: Command) => run(command, listGalleries, 'either'));
  gallery
    .command('create')
    .description('Makes an empty gallery.')
    .argument('<gallery>', 'its id: a-z, 0-9, - and _')
    .option('--name <name>', 'what people call it; the id when left out')
    .option(...FPIR)
    .option('--keep-photos', 'keep a small, sealed picture of each enrolled face')
    .option(...PURPOSE)
    .option(...LAWFUL_BASIS)
    .option(...RETENTION_DAYS)
    .addOption(consentPolicy())
    .option('--two-person-rule', TWO_PERSON_RULE)
    .option('--recognition-model <name>', 'the model its templates are made with; never changed by hand later')
    .addHelpText('after', '\nExample:\n  kith gallery create staff --name "Our staff" --keep-photos')
    .action((galleryId: string, options: Parameters<typeof createGallery>[2], command: Command) =>
      run(command, (context) => createGallery(context, galleryId, options), 'either'),
    );
  gallery
    .command('stats')
    .description('Says how large a gallery is, from which score on people are named, and how often wrongly.')
    .argument('<gallery>', 'its id')
    .addHelpText('after', '\nExample:\n  kith gallery stats staff')
    .action((galleryId: string, _options: object, command: Command) =>
      run(command, (context) => showStats(context, galleryId), 'either'),
    );
  gallery
    .command('set')
    .description('Changes the settings of a gallery.')
    .argument('<gallery>', 'its id')
    .option('--name <name>', 'what people call it')
    .option(...FPIR)
    .option('--keep-photos', 'keep a small, sealed picture of each face enrolled from now on')
    .option('--no-keep-photos', 'keep none, and erase those that are there')
    .option('-y, --yes', 'erase pictures without being asked')
    .option(...PURPOSE)
    .option(...LAWFUL_BASIS)
    .option(...RETENTION_DAYS)
    .addOption(consentPolicy())
    .option('--two-person-rule', TWO_PERSON_RULE)
    .option('--no-two-person-rule', 'one person is enough')
    .addHelpText('after', '\nExample:\n  kith gallery set staff --target-fpir 0.001')
    .action((galleryId: string, options: Parameters<typeof setGallery>[2], command: Command) =>
      run(command, async (context) => setGallery(context, galleryId, options), 'either'),
    );
  gallery
    .command('upgrade-model')
    .description('Reads all faces of a gallery anew by another model, from their kept pictures; it answers meanwhile.')
    .argument('<gallery>', 'its id')
    .requiredOption('--to <recognition model>', 'the new one, as KITH_RECOGNITION_MODELS names it')
    .option('--drop-without-photo', "erase faces that can't be read anew, instead of changing nothing")
    .option('-y, --yes', 'erase them without being asked')
    .addHelpText('after', '\nExample:\n  kith gallery upgrade-model staff --to r50')
    .action((galleryId: string, options: Parameters<typeof upgradeModel>[2], command: Command) =>
      run(command, (context) => upgradeModel(context, galleryId, options)),
    );
  gallery
    .command('rekey')
    .description('Gives a gallery a new key for its templates; it answers meanwhile, and can be enrolled into.')
    .argument('<gallery>', 'its id')
    .addHelpText('after', '\nExample:\n  kith gallery rekey club')
    .action((galleryId: string, _options: object, command: Command) =>
      run(command, (context) => rekeyGallery(context, galleryId)),
    );
  gallery
    .command('retention')
    .description('Lists whom nobody enrolled, found or verified for as long as the gallery says, or erases them.')
    .argument('<gallery>', 'its id')
    .option('--dry-run', 'only list them')
    .option('--apply', 'erase them now; a running service does it by itself')
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith gallery retention club --dry-run')
    .action((galleryId: string, options: RetentionOptions, command: Command) =>
      run(command, (context) => galleryRetention(context, galleryId, options), 'either'),
    );
  gallery
    .command('delete')
    .description('Erases a gallery with all its people, for good.')
    .argument('<gallery>', 'its id')
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith gallery delete old-club --yes')
    .action((galleryId: string, options: Parameters<typeof deleteGallery>[2], command: Command) =>
      run(command, (context) => deleteGallery(context, galleryId, options), 'either'),
    );
}

function consentPolicy(): Option {
  const choices = ['attested', 'required'] satisfies ConsentPolicy[];
  const means = 'attested: you attest that everybody consented, or need not; required: no face without its record';
  return new Option('--consent-policy <policy>', means).choices(choices);
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new InvalidArgumentError('It is a number between 0 and 1.');
  return value;
}
