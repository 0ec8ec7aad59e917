import type { Command } from 'commander';
import { dismissPair, listDismissed, undismissPair } from './duplicates/dismissed-pairs.ts';
import { findDuplicates } from './duplicates/find-duplicates.ts';
import type { RunCommand } from './program.ts';

interface InGallery {
  readonly gallery: string;
}

const PERSON = 'name or id';
const GALLERY = ['-g, --gallery <id>', 'whose people'] as const;

export function addDuplicatesCommand(program: Command, run: RunCommand): void {
  const duplicates = program
    .command('duplicates')
    .description('Finds people who are likely enrolled twice, under two names or numbers.')
    .addHelpText('after', '\nExample:\n  kith duplicates --gallery family');
  duplicates
    .command('find', { isDefault: true })
    .description('Compares everybody with everybody, as kith duplicates alone does.')
    .requiredOption('-g, --gallery <id>', 'the people to compare with each other')
    .option('--restart', 'begin anew instead of going on where the last run was stopped')
    .addHelpText(
      'after',
      '\nNothing is changed: look at both and decide. Stopped by Ctrl-C, the same command goes on where it was.\n\nExamples:\n  kith duplicates --gallery family\n  kith duplicates find --gallery family',
    )
    .action((options: Parameters<typeof findDuplicates>[1], command: Command) =>
      run(command, (context) => findDuplicates(context, options), 'either'),
    );
  duplicates
    .command('dismiss')
    .description('Keeps that two who look alike are two people: they are no pair to look at any more.')
    .argument('<person>', PERSON)
    .argument('<other>', PERSON)
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith duplicates dismiss Anna Berta --gallery family')
    .action((person: string, other: string, options: InGallery, command: Command) =>
      run(command, (context) => dismissPair(context, [person, other], options), 'either'),
    );
  duplicates
    .command('undismiss')
    .description('Takes that back: the two may be found as a pair again.')
    .argument('<person>', PERSON)
    .argument('<other>', PERSON)
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith duplicates undismiss Anna Berta --gallery family')
    .action((person: string, other: string, options: InGallery, command: Command) =>
      run(command, (context) => undismissPair(context, [person, other], options), 'either'),
    );
  duplicates
    .command('dismissed')
    .description('Lists the pairs that were dismissed, the latest first.')
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith duplicates dismissed --gallery family')
    .action((options: InGallery, command: Command) =>
      run(command, (context) => listDismissed(context, options), 'either'),
    );
}
