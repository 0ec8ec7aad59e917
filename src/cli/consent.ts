import type { Command } from 'commander';
import { type GiveOptions, giveConsent, type InGallery, withdrawConsent } from './consent/change-consents.ts';
import { listConsents } from './consent/list-consents.ts';
import { instant } from './option-values.ts';
import type { RunCommand } from './program.ts';

const GALLERY = ['-g, --gallery <id>', 'whose person'] as const;
const PERSON = 'name or id';

export function addConsentCommand(program: Command, run: RunCommand): void {
  const consent = program.command('consent').description('Who consented to be recognised, how, and until when.');
  consent
    .command('give')
    .description('Puts a person’s consent on record. Who withdrew it is found again from then on.')
    .argument('<person>', PERSON)
    .requiredOption(...GALLERY)
    .option('--by <name>', 'who gave it, if not the person: a parent, say')
    .requiredOption('--method <text>', 'how it was given: "signed on paper"')
    .option('--text <file>', 'the text that was consented to; only its hash is kept')
    .option('--text-hash <sha256>', 'its SHA-256, instead of the text')
    .option('--given <time>', 'when it was given; now when left out', instant)
    .option('--until <time>', 'when it runs out; until it is withdrawn when left out', instant)
    .option('--new', 'make the person, who isn’t there yet')
    .addHelpText(
      'after',
      '\nExample:\n  kith consent give "Anna Ek" -g members --new --method "signed on paper" --text form.pdf --until 2033-01-01',
    )
    .action((person: string, options: GiveOptions, command: Command) =>
      run(command, (context) => giveConsent(context, person, options), 'either'),
    );
  consent
    .command('withdraw')
    .description('Withdraws it: the person is unknown from then on. To erase them too: kith people erase.')
    .argument('<person>', PERSON)
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith consent withdraw "Anna Ek" --gallery members')
    .action((person: string, options: InGallery, command: Command) =>
      run(command, (context) => withdrawConsent(context, person, options), 'either'),
    );
  consent
    .command('list')
    .description('Lists consents that run out, soonest first, with those that have run out.')
    .option('--due <time>', 'that run out by then; in 30 days when left out', instant)
    .addHelpText('after', '\nExample:\n  kith consent list --due 2031-12-31')
    .action((options: { due?: number }, command: Command) =>
      run(command, (context) => listConsents(context, options), 'either'),
    );
}
