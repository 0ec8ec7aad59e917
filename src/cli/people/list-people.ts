import { openRecords } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { listPersons } from '../../core/operations/manage-persons.ts';
import type { Acting, Deps } from '../../core/ports.ts';
import type { PersonWithEnrolments } from '../../core/storage/persons.ts';
import type { GalleryRef } from '../../core/types.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';

export async function listPeople(
  { terminal, loadConfig }: CommandContext,
  options: { readonly gallery: string },
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const gallery = await getGallery(deps, options.gallery);
    const people: PersonWithEnrolments[] = [];
    for await (const person of everyPerson(deps, gallery)) {
      const { personId, name, enrolmentIds, createdMs } = person;
      terminal.record({
        type: 'person',
        personId,
        name,
        faces: enrolmentIds.length,
        createdAt: new Date(createdMs).toISOString(),
      });
      if (!terminal.isJson) people.push(person);
    }
    people.sort((a, b) => a.name.localeCompare(b.name));
    const rows = people.map(({ name, enrolmentIds, personId }) => [
      printable(name),
      String(enrolmentIds.length),
      personId,
    ]);
    terminal.answer(formatTable(terminal, ['Name', 'Photos', 'Person id'], rows));
    return EXIT.done;
  });
}

async function* everyPerson(
  deps: Pick<Deps, 'store'> & Acting,
  gallery: GalleryRef,
): AsyncGenerator<PersonWithEnrolments> {
  let after: string | undefined;
  for (;;) {
    const page = await listPersons(deps, gallery, { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1)?.personId;
    if (after === undefined || page.length < MAX_PAGE) return;
  }
}
