import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openGalleryFile, writeGalleryFile } from '../backup/gallery-file.ts';
import { isSealed, readKeyLines } from '../backup/seal.ts';
import { openRecordsAndPacks, removeCopies } from '../compose.ts';
import { audited, auditedGallery } from '../core/audited.ts';
import { checkMovedPerson, describeGallery, exportPeople, importGallery } from '../core/operations/move-gallery.ts';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { type CommandContext, closing, withRecordsAndPacks } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { getGallery } from './find-gallery.ts';
import { describeFileError, displayName } from './image-file.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface ExportOptions {
  readonly to: string;
  readonly recipient: readonly string[];
}

interface ImportOptions {
  readonly as?: string;
  readonly identityFile?: string;
}

export function addExportCommand(program: Command, run: RunCommand): void {
  program
    .command('export')
    .description('Writes a gallery into a file that only another Kith, or whoever has its private key, opens.')
    .argument('<gallery>', 'its id')
    .requiredOption('--to <file>', 'where it goes; must not be there yet')
    .requiredOption('--recipient <key...>', 'public keys of whoever may open it: kith identity makes one there')
    .addHelpText('after', '\nExample:\n  kith export club --to club.age --recipient age1…')
    .action((galleryId: string, options: ExportOptions, command: Command) =>
      run(command, (context) => exportGallery(context, galleryId, options)),
    );
}

export function addImportCommand(program: Command, run: RunCommand): void {
  program
    .command('import')
    .description('Makes a gallery from what another Kith exported, once every byte of it is checked.')
    .argument('<file>', 'what kith export wrote')
    .option('--as <gallery>', 'the id that it gets here; must be free')
    .option('--identity-file <file>', 'the private key that it was sealed to')
    .addHelpText(
      'after',
      '\nBoth options are needed. To add people from their photos: kith enrol.\n\nExample:\n  kith import club.age --as club --identity-file kith.key',
    )
    .action((file: string, options: ImportOptions, command: Command) =>
      run(command, (context) => importFile(context, file, options)),
    );
}

function exportGallery(
  context: CommandContext,
  galleryId: string,
  { to, recipient }: ExportOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  return withRecordsAndPacks(context, async (deps) => {
    const gallery = await getGallery(deps, galleryId);
    const deed = { action: 'export', gallery: auditedGallery(gallery) } as const;
    const countsOf = (persons: number) => ({ persons });
    const persons = await audited(deps, { ...deed, countsOf }, () =>
      writeGalleryFile(
        { to: resolve(to), sealedTo: { recipients: recipient } },
        describeGallery(deps, gallery),
        exportPeople(deps, gallery),
      ),
    );
    terminal.record({ type: 'gallery-exported', galleryId, file: to, persons });
    terminal.say(
      `The gallery "${galleryId}" is in ${to}: ${count(persons, 'person', 'people')}. It is still here as well.`,
    );
    return EXIT.done;
  });
}

/** "Import" is what other tools call adding people: who has photos or a list is told what does it here. */
async function requireExport(file: string): Promise<void> {
  const name = displayName(file);
  const stats = await stat(file).catch((error: unknown) => {
    throw new UsageError(`${name}: ${describeFileError(error)}`);
  });
  const instead = 'kith import takes a gallery that kith export wrote. To add people';
  if (stats.isDirectory()) {
    throw new UsageError(
      `${name} is a folder, and ${instead} from a folder of photos: kith enrol ${name} --gallery <gallery>`,
    );
  }
  if (await isSealed(file)) return;
  throw new UsageError(
    /\.(csv|tsv|txt)$/i.test(file)
      ? `${name} is no exported gallery, and ${instead} by a spreadsheet of names and photos: kith enrol --csv ${name} --gallery <gallery>`
      : `${name} is no exported gallery, and ${instead} from a folder of photos: kith enrol <folder> --gallery <gallery>`,
  );
}

async function importFile(
  { terminal, loadConfig }: CommandContext,
  file: string,
  { as: galleryId, identityFile }: ImportOptions,
): Promise<ExitCode> {
  const config = loadConfig();
  const from = resolve(file);
  await requireExport(file);
  if (galleryId === undefined) throw new UsageError('Say by which id the gallery gets here: --as <gallery>.');
  if (identityFile === undefined) {
    throw new UsageError('Name the file with the private key that it was sealed to: --identity-file <file>.');
  }
  const identities = await readKeyLines(identityFile).catch((error: unknown) => {
    throw new UsageError(`${identityFile}: ${describeFileError(error)}`);
  });
  const opened = () =>
    openGalleryFile(from, { identities }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      throw new UsageError(`${file}: ${describeFileError(error)}`);
    });
  // Read twice: once to its end, and only then to be believed
  const { gallery, people } = await opened();
  for await (const person of people) checkMovedPerson(person, gallery.dims);
  return closing(await openRecordsAndPacks(config, 'command-line'), async (deps) => {
    const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId } as const;
    // A running service follows by itself; what it keeps of the index on the disk goes
    const follower = { catchUp: () => removeCopies(config) };
    const counts = await importGallery({ ...deps, follower }, ref, await opened());
    terminal.record({ type: 'gallery-imported', galleryId, ...counts });
    terminal.say(
      `The gallery "${galleryId}" is here: ${count(counts.persons, 'person', 'people')} with ${count(counts.enrolments, 'face')}.`,
    );
    return EXIT.done;
  });
}
