import type { Command } from 'commander';
import { openEngine } from '../compose.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../core/limits.ts';
import { groupPhotoFaces, type PhotoFace, readPhotoFaces } from '../core/operations/group-photos.ts';
import { type CommandContext, closing, withProcesses } from './command-context.ts';
import { mapInOrder } from './concurrently.ts';
import { EXIT, type ExitCode, exitCodeFor } from './exit-codes.ts';
import { displayName, readImageFile } from './image-file.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { describeRefusal, type Refusal, refusalOf, refusalRecord } from './refusals.ts';
import { formatTable } from './table.ts';
import { count, where } from './words.ts';

/** All pairs of faces are compared: 100 million of them take a minute, and their scores 800 MB. */
const MAX_FACES = 10_000;

export function addGroupCommand(program: Command, run: RunCommand): void {
  program
    .command('group')
    .description('Sorts the faces of photos by person, without knowing anybody. Keeps nothing.')
    .argument('<photos...>', 'photo files')
    .addHelpText('after', '\nExample:\n  kith group holiday/*.jpg --json')
    .action((photos: string[], _options: object, command: Command) =>
      run(command, (context) => groupFiles(context, photos)),
    );
}

type Read = { readonly faces: readonly PhotoFace[] } | { readonly file: string; readonly refusal: Refusal };

async function groupFiles(context: CommandContext, files: readonly string[]): Promise<ExitCode> {
  const { terminal } = context;
  const config = withProcesses(context.loadConfig(), files.length);
  const recognitionModel = DEFAULT_RECOGNITION_MODEL;
  return closing(await openEngine(config), async (deps) => {
    const read = async (file: string): Promise<Read> => {
      try {
        return { faces: await readPhotoFaces(deps, { file, image: await readImageFile(file), recognitionModel }) };
      } catch (error) {
        return { file, refusal: refusalOf(error) };
      }
    };
    const tally = { done: 0, refused: 0 };
    const faces: PhotoFace[] = [];
    for await (const photo of mapInOrder(files, config.engineProcesses + 1, read)) {
      if ('refusal' in photo) {
        tally.refused++;
        terminal.record(refusalRecord(photo.file, photo.refusal));
        if (!terminal.isJson) terminal.fail(describeRefusal(photo.file, photo.refusal));
        continue;
      }
      tally.done++;
      faces.push(...photo.faces);
      if (faces.length > MAX_FACES) {
        terminal.fail(`There are more than ${count(MAX_FACES, 'face')} in these photos: group fewer at a time.`);
        return EXIT.nothingDone;
      }
    }
    const groups = await groupPhotoFaces(deps, faces, recognitionModel);
    for (const [i, group] of groups.entries()) {
      terminal.record({
        type: 'group',
        group: i + 1,
        faces: group.map(({ file, box, quality }) => ({ file, box: boxRecord(box), quality: qualityRecord(quality) })),
      });
    }
    const several = groups.filter(({ length }) => length > 1);
    terminal.answer(
      `${count(faces.length, 'face')} of ${count(several.length, 'person', 'people')} seen more than once, and ${groups.length - several.length} seen once.`,
    );
    const rows = several.flatMap((group, i) =>
      group.map(({ file, box }, j) => [j === 0 ? `Person ${i + 1}` : '', printable(displayName(file)), where(box)]),
    );
    if (rows.length > 0) terminal.answer(formatTable(terminal, ['Who', 'Photo', 'Left, top, size'], rows));
    return exitCodeFor(tally);
  });
}
