import type { Command } from 'commander';
import { openEngine } from '../compose.ts';
import { DEFAULT_RECOGNITION_MODEL } from '../core/limits.ts';
import type { FaceToEnrol } from '../core/operations/enrol-face.ts';
import { type PhotoVerification, readFaceToCompare, verifyFaces } from '../core/operations/verify-photos.ts';
import type { Deps } from '../core/ports.ts';
import { type CommandContext, closing, withProcesses } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { readImageFile } from './image-file.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { describeRefusal, type Refusal, refusalOf, refusalRecord } from './refusals.ts';
import { oneIn, percent } from './words.ts';

interface VerifyCommandOptions {
  readonly largestFace?: true;
  readonly verbose?: true;
}

export function addVerifyCommand(program: Command, run: RunCommand): void {
  program
    .command('verify')
    .description('Tells whether two photos show the same person. Keeps nothing.')
    .argument('<photo>', 'a photo of one person; - reads standard input')
    .argument('<other>', 'the photo to compare with')
    .option('--largest-face', 'take the largest face of a photo that shows several')
    .option('--verbose', 'show the score, and how many strangers would come as close')
    .addHelpText('after', '\nExample:\n  kith verify passport.jpg selfie.jpg')
    .action((a: string, b: string, options: VerifyCommandOptions, command: Command) =>
      run(command, (context) => verifyFiles(context, [a, b], options)),
    );
}

type ReadPhoto =
  | { readonly file: string; readonly face: FaceToEnrol }
  | { readonly file: string; readonly refusal: Refusal };

async function verifyFiles(
  context: CommandContext,
  files: readonly [string, string],
  options: VerifyCommandOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  return closing(await openEngine(withProcesses(context.loadConfig(), files.length)), async (deps) => {
    const [a, b] = await Promise.all([readFace(deps, files[0], options), readFace(deps, files[1], options)]);
    if ('refusal' in a || 'refusal' in b) {
      for (const photo of [a, b]) {
        if (!('refusal' in photo)) continue;
        terminal.record(refusalRecord(photo.file, photo.refusal));
        if (!terminal.isJson) terminal.fail(describeRefusal(photo.file, photo.refusal));
      }
      return EXIT.nothingDone;
    }
    const verified = verifyFaces(deps, { a: a.face, b: b.face, recognitionModel: DEFAULT_RECOGNITION_MODEL });
    const { samePerson, outcome, confidence, score, strangerRate } = verified;
    terminal.record({
      type: 'verification',
      samePerson,
      outcome,
      confidence,
      score,
      strangerRate,
      photos: [a, b].map(({ file, face }) => ({
        file,
        box: boxRecord(face.box),
        quality: qualityRecord(face.quality),
      })),
    });
    const style = { match: 'green', review: 'yellow', unknown: 'bold' } as const;
    terminal.answer(`${terminal.paint(style[outcome], inWords(verified))} (confidence ${percent(confidence)})`);
    for (const { file, face } of [a, b]) {
      if (face.quality.level === 'low')
        terminal.note(`The face in ${printable(file)} is of low quality: take this with care.`);
    }
    if (options.verbose) {
      terminal.answer(
        terminal.paint(
          'dim',
          `Score ${score.toFixed(3)}; about ${oneIn(strangerRate)} pairs of strangers come as close.`,
        ),
      );
    }
    return EXIT.done;
  });
}

async function readFace(
  deps: Pick<Deps, 'engine' | 'recognitionModels'>,
  file: string,
  options: VerifyCommandOptions,
): Promise<ReadPhoto> {
  try {
    const image = await readImageFile(file);
    const face = await readFaceToCompare(deps, {
      image,
      target: options.largestFace ? 'largest' : undefined,
      recognitionModel: DEFAULT_RECOGNITION_MODEL,
    });
    return { file, face };
  } catch (error) {
    return { file, refusal: refusalOf(error) };
  }
}

function inWords({ outcome, confidence, strangerRate }: PhotoVerification): string {
  switch (outcome) {
    case 'match':
      return confidence >= 0.99 && strangerRate <= 1 / 1000 ? 'Very likely the same person' : 'Likely the same person';
    case 'review':
      return 'Not sure: look yourself';
    case 'unknown':
      return 'Not the same person';
  }
}
