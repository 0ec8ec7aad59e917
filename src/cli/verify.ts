import type { Command } from 'commander';
import { DEFAULT_MIN_CONFIDENCE } from '../core/limits.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';
import type { RunCommand } from './program.ts';
import { boxRecord, qualityRecord } from './records.ts';
import { tellRefusal } from './refusals.ts';
import { type Comparison, compareFiles } from './verify/compare.ts';
import { confidenceInWords, oneIn } from './words.ts';

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
    .option('--verbose', 'show the score and the confidence')
    .addHelpText('after', '\nExample:\n  kith verify passport.jpg selfie.jpg')
    .action((a: string, b: string, options: VerifyCommandOptions, command: Command) =>
      run(command, (context) => verifyFiles(context, [a, b], options), 'either'),
    );
}

async function verifyFiles(
  context: CommandContext,
  files: readonly [string, string],
  options: VerifyCommandOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const compared = await compareFiles(context, files, options.largestFace ? 'largest' : undefined);
  if ('refused' in compared) {
    for (const { file, refusal } of compared.refused) {
      tellRefusal(terminal, file, refusal);
    }
    return EXIT.nothingDone;
  }
  const photos = compared.faces.map((face, i) => ({ file: files[i] ?? '', ...face }));
  const { samePerson, outcome, confidence, score, strangerRate } = compared;
  terminal.record({
    type: 'verification',
    samePerson,
    outcome,
    confidence,
    score,
    strangerRate,
    photos: photos.map(({ file, box, quality }) => ({ file, box: boxRecord(box), quality: qualityRecord(quality) })),
  });
  const style = { match: 'green', review: 'yellow', unknown: 'bold' } as const;
  terminal.answer(
    `${terminal.paint(style[outcome], inWords(compared))}: ${oneIn(strangerRate)} pairs of strangers come as close.`,
  );
  for (const { file, quality } of photos) {
    if (quality.level === 'low')
      terminal.note(`The face in ${printable(file)} is of low quality: take this with care.`);
  }
  if (options.verbose) {
    terminal.answer(
      terminal.paint(
        'dim',
        `Score ${score.toFixed(3)}, confidence ${confidenceInWords(confidence)} (the same person from ${DEFAULT_MIN_CONFIDENCE} on).`,
      ),
    );
  }
  return EXIT.done;
}

function inWords({ outcome, confidence, strangerRate }: Comparison): string {
  switch (outcome) {
    case 'match':
      return confidence >= 0.99 && strangerRate <= 1 / 1000 ? 'Very likely the same person' : 'Likely the same person';
    case 'review':
      return 'Not sure: look yourself';
    case 'unknown':
      return 'Not the same person';
  }
}
