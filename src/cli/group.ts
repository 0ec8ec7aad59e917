import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { mapInOrder } from './concurrently.ts';
import { EXIT, type ExitCode, exitCodeFor } from './exit-codes.ts';
import { type GroupedFace, type Grouping, withGrouping } from './group/grouping.ts';
import { displayName, readImageFile } from './image-file.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { type Refusal, refusalOf, tellRefusal } from './refusals.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count, where } from './words.ts';

export function addGroupCommand(program: Command, run: RunCommand): void {
  program
    .command('group')
    .description(
      'Sorts the faces of photos by person, without knowing anybody. Keeps nothing; a service keeps sealed probes for an hour.',
    )
    .argument('<photos...>', 'photo files')
    .addHelpText('after', '\nExample:\n  kith group holiday/*.jpg --json')
    .action((photos: string[], _options: object, command: Command) =>
      run(command, (context) => groupFiles(context, photos), 'either'),
    );
}

type Read<F> = { readonly faces: readonly F[] } | { readonly file: string; readonly refusal: Refusal };

function groupFiles(context: CommandContext, files: readonly string[]): Promise<ExitCode> {
  return withGrouping(context, files.length, (grouping) => groupWith(context.terminal, grouping, files));
}

async function groupWith<F extends GroupedFace>(
  terminal: Terminal,
  grouping: Grouping<F>,
  files: readonly string[],
): Promise<ExitCode> {
  const read = async (file: string): Promise<Read<F>> => {
    try {
      return { faces: await grouping.read(file, await readImageFile(file)) };
    } catch (error) {
      return { file, refusal: refusalOf(error) };
    }
  };
  const tally = { done: 0, refused: 0 };
  const faces: F[] = [];
  for await (const photo of mapInOrder(files, grouping.photosAtOnce, read)) {
    if ('refusal' in photo) {
      tally.refused++;
      tellRefusal(terminal, photo.file, photo.refusal);
      continue;
    }
    tally.done++;
    faces.push(...photo.faces);
    if (faces.length > grouping.maxFaces) {
      terminal.fail(`There are more than ${count(grouping.maxFaces, 'face')} in these photos: group fewer at a time.`);
      return EXIT.nothingDone;
    }
  }
  const groups = await grouping.group(faces);
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
}
