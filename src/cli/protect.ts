import type { Command } from 'commander';
import { type ProtectReport, protectReport, type Scores } from '../core/operations/protect-report.ts';
import { type CommandContext, withRecords } from './command-context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { getGallery } from './find-gallery.ts';
import type { RunCommand } from './program.ts';
import { formatTable } from './table.ts';

const BAR_CHARACTERS = 40;
/** Fewer pairs say nothing of a share. */
const FEW = 30;

export function addProtectCommand(program: Command, run: RunCommand): void {
  program
    .command('protect')
    .description('What protects stored templates.')
    .command('report')
    .description('Whether people who are in two galleries could be told to be the same from what is stored.')
    .argument('<gallery>', 'its id')
    .argument('<other>', 'the id of a gallery with some of the same people, by name')
    .addHelpText('after', '\nExample:\n  kith protect report club gym')
    .action((one: string, other: string, _options: object, command: Command) =>
      run(command, (context) => report(context, [one, other])),
    );
}

function report(context: CommandContext, galleryIds: readonly [string, string]): Promise<ExitCode> {
  const { terminal } = context;
  return withRecords(context, async (deps) => {
    const [one, other] = galleryIds;
    const found = await protectReport(deps, [await getGallery(deps, one), await getGallery(deps, other)]);
    terminal.record({ type: 'protect-report', galleries: galleryIds, ...found });
    terminal.answer(tableOf(found, (headings, rows) => formatTable(terminal, headings, rows)));
    terminal.answer(`\nAs stored, ${one} against ${other}:\n${plotOf(found)}`);
    terminal.say(
      `\nBy the stored scores, a same person's lies above a stranger's with a chance of ${found.linkability.toFixed(2)}; ` +
        `.50 is no better than a coin.${found.samePerson.count < FEW ? ' With so few people that is chance itself.' : ''}`,
    );
    return EXIT.done;
  });
}

function tableOf(
  { samePerson, strangers, samePersonUnturned }: ProtectReport,
  format: (headings: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const row = (label: string, { count, mean, spread, lowest, highest }: Scores) => [
    label,
    String(count),
    ...[mean, spread, lowest, highest].map((score) => score.toFixed(3)),
  ];
  return format(
    ['Scores of', 'Pairs', 'Mean', 'Spread', 'Lowest', 'Highest'],
    [
      row('the same people, as stored', samePerson),
      row('strangers, as stored', strangers),
      row('the same people, with both keys', samePersonUnturned),
    ],
  );
}

/** One line a step of .1, a bar for each of the two. */
function plotOf({ samePerson, strangers, samePersonUnturned }: ProtectReport): string {
  const parts = [
    { mark: '#', scores: samePerson },
    { mark: '-', scores: strangers },
    { mark: '+', scores: samePersonUnturned },
  ];
  const lines = samePerson.histogram.flatMap((_, step) => {
    if (parts.every(({ scores }) => scores.histogram[step] === 0)) return [];
    const from = (step / 10 - 1).toFixed(1).padStart(4);
    return parts.map(({ mark, scores }, i) => {
      const share = (scores.histogram[step] ?? 0) / scores.count;
      return `${i === 0 ? from : '    '} ${mark.repeat(Math.ceil(share * BAR_CHARACTERS))}`;
    });
  });
  return [
    ...lines,
    '',
    '  # the same people as stored   - strangers as stored   + the same people with both keys',
  ].join('\n');
}
