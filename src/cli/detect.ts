import type { Command } from 'commander';
import type { Quality, QualityLevel } from '../core/types.ts';
import type { FaceMark, Tone } from './annotate/annotate-photo.ts';
import { openAnnotator } from './annotate-option.ts';
import type { CommandContext } from './command-context.ts';
import { mapInOrder } from './concurrently.ts';
import { type SeenPhoto, withLookAt } from './detect/look-at.ts';
import { type ExitCode, exitCodeFor } from './exit-codes.ts';
import { displayName, readImageFile } from './image-file.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { type Refusal, refusalOf, tellRefusal } from './refusals.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { count, QUALITY_IN_WORDS, where } from './words.ts';

interface DetectCommandOptions {
  readonly annotate?: string;
}

export function addDetectCommand(program: Command, run: RunCommand): void {
  program
    .command('detect')
    .description('Finds the faces in photos and says how good each is for recognition. Keeps nothing.')
    .argument('<photos...>', 'photo files; - reads one from standard input')
    .option('--annotate <file.png|folder>', 'draw the boxes into a picture')
    .addHelpText('after', '\nExample:\n  kith detect party.jpg --annotate party.png')
    .action((photos: string[], options: DetectCommandOptions, command: Command) =>
      run(command, (context) => detectFiles(context, photos, options), 'either'),
    );
}

type Looked =
  | { readonly file: string; readonly image: Uint8Array; readonly photo: SeenPhoto }
  | { readonly file: string; readonly refusal: Refusal };

async function detectFiles(
  context: CommandContext,
  files: readonly string[],
  options: DetectCommandOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const annotator = await openAnnotator(options.annotate, files);
  const tally = { done: 0, refused: 0 };
  await withLookAt(context, files.length, async (lookAt, photosAtOnce) => {
    const look = async (file: string): Promise<Looked> => {
      try {
        const image = await readImageFile(file);
        return { file, image, photo: await lookAt(image) };
      } catch (error) {
        return { file, refusal: refusalOf(error) };
      }
    };
    for await (const looked of mapInOrder(files, photosAtOnce, look)) {
      if ('refusal' in looked) {
        tally.refused++;
        tellRefusal(terminal, looked.file, looked.refusal);
        continue;
      }
      tally.done++;
      reportPhoto(terminal, looked.file, looked.photo);
      if (annotator) {
        const path = await annotator.annotate(looked.file, looked.image, marksOf(looked.photo));
        terminal.note(`Drawn into ${path}`);
      }
    }
  });
  return exitCodeFor(tally);
}

function reportPhoto(terminal: Terminal, file: string, photo: SeenPhoto): void {
  terminal.record({
    type: 'photo',
    file,
    widthPx: photo.widthPx,
    heightPx: photo.heightPx,
    faces: photo.faces.map(({ box, detectorScore, quality, measurements }) => ({
      box: boxRecord(box),
      detectorScore,
      quality: qualityRecord(quality),
      ...(measurements ? { pose: measurements.pose, blur: measurements.blur, exposure: measurements.exposure } : {}),
    })),
  });
  if (terminal.isJson) return;
  terminal.answer(`${terminal.paint('bold', displayName(file))}: ${count(photo.faces.length, 'face')}`);
  if (photo.faces.length === 0) return;
  const rows = leftToRight(photo).map(({ box, quality }) => [
    where(box),
    quality ? { text: quality.level, style: STYLES[quality.level] } : '',
    quality ? reasonsOf(quality) : '',
  ]);
  terminal.answer(formatTable(terminal, ['Left, top, size', 'Quality', 'What is wrong'], rows));
}

const STYLES = { low: 'red', medium: 'yellow', high: 'green' } as const;
const TONES: Readonly<Record<QualityLevel, Tone>> = { low: 'unknown', medium: 'review', high: 'match' };

function marksOf(photo: SeenPhoto): FaceMark[] {
  return photo.faces.map(({ box, quality = { level: 'low', reasons: [] } }) => {
    const why = reasonsOf(quality);
    return { box, title: `${quality.level} quality`, tone: TONES[quality.level], ...(why ? { detail: why } : {}) };
  });
}

function reasonsOf(quality: Quality): string {
  return quality.reasons.map((reason) => QUALITY_IN_WORDS[reason]).join(', ');
}

/** As one reads a photo. */
function leftToRight(photo: SeenPhoto): SeenPhoto['faces'] {
  return [...photo.faces].sort((a, b) => a.box.leftPx - b.box.leftPx);
}
