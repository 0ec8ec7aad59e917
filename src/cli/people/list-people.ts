import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { type KnownPerson, withPeople } from './people-of-gallery.ts';

export function listPeople(context: CommandContext, options: { readonly gallery: string }): Promise<ExitCode> {
  const { terminal } = context;
  return withPeople(context, options.gallery, async (people) => {
    const listed: KnownPerson[] = [];
    for await (const person of people.everybody()) {
      const { personId, name, faceIds, createdMs } = person;
      terminal.record({
        type: 'person',
        personId,
        name,
        faces: faceIds.length,
        createdAt: new Date(createdMs).toISOString(),
      });
      if (!terminal.isJson) listed.push(person);
    }
    listed.sort((a, b) => a.name.localeCompare(b.name));
    const rows = listed.map(({ name, faceIds, personId }) => [printable(name), String(faceIds.length), personId]);
    terminal.answer(formatTable(terminal, ['Name', 'Photos', 'Person id'], rows));
    return EXIT.done;
  });
}
