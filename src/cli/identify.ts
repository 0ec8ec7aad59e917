import type { Command } from 'commander';
import { MAX_CANDIDATES } from '../core/limits.ts';
import { openAnnotator } from './annotate-option.ts';
import type { CommandContext } from './command-context.ts';
import { mapInOrder } from './concurrently.ts';
import { type ExitCode, exitCodeFor } from './exit-codes.ts';
import { type LookedUpPhoto, withLookUp } from './identify/look-up.ts';
import { displayName, readImageFile } from './image-file.ts';
import { fraction, wholeNumber } from './option-values.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { type Refusal, refusalOf, tellRefusal } from './refusals.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { confidenceInWords, count, howSure, nameIn, oneIn, oneInShort, where } from './words.ts';

interface IdentifyCommandOptions {
  readonly gallery: string;
  readonly threshold?: number;
  readonly candidates: number;
  readonly annotate?: string;
  readonly verbose?: true;
}

export function addIdentifyCommand(program: Command, run: RunCommand): void {
  program
    .command('identify')
    .description('Tells who is in photos: for every face a name and how sure that is, or "unknown".')
    .argument('<photos...>', 'photo files; - reads one from standard input')
    .requiredOption('-g, --gallery <id>', 'the people to look among')
    .option(
      '--threshold <confidence>',
      "name from this confidence on (0..1), instead of the gallery's own 0.5",
      fraction,
    )
    .option(
      '--candidates <n>',
      `names per face in --json, at most ${MAX_CANDIDATES}`,
      wholeNumber(1, MAX_CANDIDATES),
      3,
    )
    .option('--annotate <file.png|folder>', 'draw the boxes and names into a picture')
    .option('--verbose', 'show scores and confidences, and by what rule the gallery names somebody')
    .addHelpText(
      'after',
      '\nExamples:\n  kith identify party.jpg --gallery family --annotate party.png\n  curl -s https://example.org/p.jpg | kith identify - -g family --json',
    )
    .action((photos: string[], options: IdentifyCommandOptions, command: Command) =>
      run(command, (context) => identifyFiles(context, photos, options), 'either'),
    );
}

type Looked =
  | { readonly file: string; readonly image: Uint8Array; readonly photo: LookedUpPhoto }
  | { readonly file: string; readonly refusal: Refusal };

async function identifyFiles(
  context: CommandContext,
  files: readonly string[],
  options: IdentifyCommandOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const annotator = await openAnnotator(options.annotate, files);
  const tally = { done: 0, refused: 0 };
  const lookUpOptions = {
    galleryId: options.gallery,
    photos: files.length,
    maxCandidates: options.candidates,
    minConfidence: options.threshold,
  };
  await withLookUp(context, lookUpOptions, async (lookUp, photosAtOnce) => {
    const look = async (file: string): Promise<Looked> => {
      try {
        const image = await readImageFile(file);
        const photo = await lookUp(image);
        return { file, image, photo: options.threshold === undefined ? photo : atAskedThreshold(photo) };
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
      reportPhoto(terminal, looked, options);
      if (annotator)
        terminal.note(`Drawn into ${await annotator.annotate(looked.file, looked.image, marksOf(looked.photo))}`);
    }
  });
  return exitCodeFor(tally);
}

/** A threshold of the caller's own decides what is shown; whom the gallery's rule would not name is then a question. */
function atAskedThreshold(photo: LookedUpPhoto): LookedUpPhoto {
  const faces = photo.faces.map((face) => {
    if (face.candidates.length === 0) return { ...face, outcome: 'unknown' as const };
    return face.outcome === 'unknown' ? { ...face, outcome: 'review' as const } : face;
  });
  return { ...photo, faces };
}

function marksOf(photo: LookedUpPhoto) {
  return photo.faces.map((answer) => {
    const title = nameIn(answer);
    return title === undefined
      ? { box: answer.box, title: 'unknown', tone: answer.outcome }
      : { box: answer.box, title, detail: howSure(answer), tone: answer.outcome };
  });
}

function reportPhoto(
  terminal: Terminal,
  { file, photo }: { readonly file: string; readonly photo: LookedUpPhoto },
  options: IdentifyCommandOptions,
): void {
  const search = photo.faces[0]?.search;
  terminal.record({
    type: 'photo',
    file,
    widthPx: photo.widthPx,
    heightPx: photo.heightPx,
    faces: photo.faces.map(({ box, quality, outcome, candidates }) => ({
      box: boxRecord(box),
      quality: qualityRecord(quality),
      outcome,
      candidates: candidates.map(({ personId, personName, confidence, score, strangerRate }) => ({
        personId,
        name: personName,
        confidence,
        score,
        strangerRate,
      })),
    })),
    ...(search
      ? {
          search: {
            gallery: options.gallery,
            gallerySize: search.gallerySize,
            searched: search.searched,
            threshold: search.threshold,
            reviewThreshold: search.reviewThreshold,
            expectedFpir: search.expectedFpir,
            model: search.model,
            exact: search.exact,
            recall: search.recall,
          },
        }
      : {}),
  });
  if (terminal.isJson) return;
  terminal.answer(`${terminal.paint('bold', displayName(file))}: ${count(photo.faces.length, 'face')}`);
  if (photo.faces.length > 0) terminal.answer(faceTable(terminal, photo, options));
  if (search && options.verbose) {
    terminal.answer(
      terminal.paint(
        'dim',
        terminal.fold(
          `Compared with ${count(search.gallerySize, 'person', 'people')} (${count(search.searched, 'photo')}). ` +
            `A match needs a score of ${search.threshold.toFixed(3)}: about ${oneIn(search.expectedFpir)} strangers would be shown a name. ` +
            `From ${search.reviewThreshold.toFixed(3)} on it is worth a look.`,
        ),
      ),
    );
  }
}

function faceTable(terminal: Terminal, photo: LookedUpPhoto, options: IdentifyCommandOptions): string {
  const isVerbose = options.verbose === true;
  const nobody = options.threshold === undefined ? 'nobody in the gallery' : 'nobody from the threshold on';
  // As one reads a photo: from left to right
  const faces = [...photo.faces].sort((a, b) => a.box.leftPx - b.box.leftPx);
  const rows = faces.map((answer) => {
    const [best] = answer.candidates;
    const isNamed = answer.outcome !== 'unknown' && best !== undefined;
    const style = { match: 'green', review: 'yellow', unknown: 'dim' } as const;
    return [
      { text: printable(nameIn(answer) ?? 'unknown'), style: style[answer.outcome] },
      isNamed ? howSure(answer) : nobody,
      isNamed ? oneInShort(best.strangerRate) : '',
      where(answer.box),
      ...(isVerbose ? [best ? best.score.toFixed(3) : '', best ? confidenceInWords(best.confidence) : ''] : []),
    ];
  });
  const head = ['Who', 'How sure', 'Strangers so close', 'Left, top, size'];
  return formatTable(terminal, isVerbose ? [...head, 'Score', 'Confidence'] : head, rows);
}
