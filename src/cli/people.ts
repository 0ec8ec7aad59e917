import type { Command } from 'commander';
import { erasePeople, mergePeople, renamePerson, splitPerson, unmergePeople } from './people/change-people.ts';
import { listPeople } from './people/list-people.ts';
import { showPerson } from './people/show-person.ts';
import type { RunCommand } from './program.ts';

interface InGallery {
  readonly gallery: string;
}

const GALLERY = ['-g, --gallery <id>', 'whose people'] as const;
const PERSON = 'name or id';

export function addPeopleCommand(program: Command, run: RunCommand): void {
  const people = program.command('people').description('The people of a gallery.');
  people
    .command('list')
    .description('Lists the people of a gallery and how many photos each has.')
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith people list --gallery family')
    .action((options: InGallery, command: Command) =>
      run(command, (context) => listPeople(context, options), 'either'),
    );
  people
    .command('show')
    .description('Shows a person: their photos, how good each is, and who was merged into them.')
    .argument('<person>', PERSON)
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith people show "Anna Ek" --gallery family')
    .action((person: string, options: InGallery, command: Command) =>
      run(command, (context) => showPerson(context, person, options), 'either'),
    );
  people
    .command('rename')
    .description('Gives a person another name.')
    .argument('<person>', PERSON)
    .argument('<name>', 'the new name')
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith people rename Ana Anna --gallery family')
    .action((person: string, name: string, options: InGallery, command: Command) =>
      run(command, (context) => renamePerson(context, [person, name], options), 'either'),
    );
  people
    .command('merge')
    .description('Makes two people one: the first goes, the second has the photos of both. 30 days to undo it.')
    .argument('<person>', `who goes: ${PERSON}`)
    .argument('<into>', `who is left: ${PERSON}`)
    .requiredOption(...GALLERY)
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith people merge Anne Anna --gallery family --yes')
    .action((person: string, into: string, options: Parameters<typeof mergePeople>[2], command: Command) =>
      run(command, (context) => mergePeople(context, [person, into], options), 'either'),
    );
  people
    .command('unmerge')
    .description('Makes them two people again.')
    .argument('<mergeId>', 'as kith people show tells it')
    .requiredOption(...GALLERY)
    .addHelpText('after', '\nExample:\n  kith people unmerge 1b4e28ba-2fa1-11d2-883f-0016d3cca427 --gallery family')
    .action((mergeId: string, options: InGallery, command: Command) =>
      run(command, (context) => unmergePeople(context, mergeId, options), 'either'),
    );
  people
    .command('split')
    .description('Takes photos from a person, for somebody new or for another who is there.')
    .argument('<person>', PERSON)
    .requiredOption(...GALLERY)
    .requiredOption('--faces <ids...>', 'the photos, by the face ids that kith people show lists')
    .option('--as <name>', 'the name of somebody new')
    .option('--to <person>', `somebody who is there: ${PERSON}`)
    .addHelpText(
      'after',
      '\nExample:\n  kith people split Anna --faces 1b4e28ba-2fa1-11d2-883f-0016d3cca427 --as Berta -g family',
    )
    .action((person: string, options: Parameters<typeof splitPerson>[2], command: Command) =>
      run(command, async (context) => splitPerson(context, person, options), 'either'),
    );
  people
    .command('erase')
    .description('Erases people with all their photos, for good.')
    .argument('<people...>', `each a ${PERSON}`)
    .requiredOption(...GALLERY)
    .option('-y, --yes', 'do it without being asked')
    .addHelpText('after', '\nExample:\n  kith people erase Anna --gallery family --yes')
    .action((persons: string[], options: Parameters<typeof erasePeople>[2], command: Command) =>
      run(command, (context) => erasePeople(context, persons, options), 'either'),
    );
}
