import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openGalleryFile, writeGalleryFile } from '../backup/gallery-file.ts';
import { readKeyLines } from '../backup/seal.ts';
import { openRecordsAndPacks, removeCopies } from '../compose.ts';
import { audited, auditedGallery } from '../core/audited.ts';
import { checkMovedPerson, describeGallery, exportPeople, importGallery } from '../core/operations/move-gallery.ts';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { type CommandContext, closing, withRecordsAndPacks } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { getGallery } from './find-gallery.ts';
import { describeFileError } from './image-file.ts';
import type { RunCommand } from './program.ts';
import { UsageError } from './usage-error.ts';
import { count } from './words.ts';

interface ExportOptions {
  readonly to: string;
  readonly recipient: readonly string[];
}

interface ImportOptions {
  readonly as: string;
  readonly identityFile: string;
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
    .requiredOption('--as <gallery>', 'the id that it gets here; must be free')
    .requiredOption('--identity-file <file>', 'the private key that it was sealed to')
    .addHelpText('after', '\nExample:\n  kith import club.age --as club --identity-file kith.key')
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

async function importFile(
  { terminal, loadConfig }: CommandContext,
  file: string,
  options: ImportOptions,
): Promise<ExitCode> {
  const config = loadConfig();
  const from = resolve(file);
  const identities = await readKeyLines(options.identityFile).catch((error: unknown) => {
    throw new UsageError(`${options.identityFile}: ${describeFileError(error)}`);
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
    const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId: options.as } as const;
    // A running service follows by itself; what it keeps of the index on the disk goes
    const follower = { catchUp: () => removeCopies(config) };
    const counts = await importGallery({ ...deps, follower }, ref, await opened());
    terminal.record({ type: 'gallery-imported', galleryId: options.as, ...counts });
    terminal.say(
      `The gallery "${options.as}" is here: ${count(counts.persons, 'person', 'people')} with ${count(counts.enrolments, 'face')}.`,
    );
    return EXIT.done;
  });
}
