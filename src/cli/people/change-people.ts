// What changes who is who. Each does one thing and says what it did.
import type { CommandContext } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import { findPerson, type KnownPerson, type PeopleOfGallery, withPeople } from './people-of-gallery.ts';

interface InGallery {
  readonly gallery: string;
}

interface Unasked extends InGallery {
  readonly yes?: true;
}

function inGallery(
  context: CommandContext,
  options: InGallery,
  work: (people: PeopleOfGallery) => Promise<void>,
): Promise<ExitCode> {
  return withPeople(context, options.gallery, async (people) => {
    await work(people);
    return EXIT.done;
  });
}

export function renamePerson(
  context: CommandContext,
  [idOrName, name]: readonly [string, string],
  options: InGallery,
): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (people) => {
    const person = await findPerson(people, idOrName);
    const newName = name.normalize('NFC');
    await people.rename(person.personId, newName);
    terminal.record({ type: 'person-renamed', personId: person.personId, name: newName, before: person.name });
    terminal.say(`${printable(person.name)} is now called ${printable(newName)}.`);
  });
}

export function mergePeople(
  context: CommandContext,
  [from, into]: readonly [string, string],
  options: Unasked,
): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (people) => {
    const given = await findPerson(people, from);
    const kept = await findPerson(people, into);
    const ids = { fromPersonId: given.personId, intoPersonId: kept.personId };
    if (ids.fromPersonId === ids.intoPersonId) throw new UsageError('They are one person already: name two.');
    const faces = given.faceIds.length + kept.faceIds.length;
    const whose = `${printable(given.name)} with ${count(given.faceIds.length, 'photo')}`;
    const whom = `${printable(kept.name)} with ${count(kept.faceIds.length, 'photo')}`;
    await confirm(terminal, `This makes ${whose} part of ${whom}; it can be undone for 30 days.`, options);
    const { mergeId } = await people.merge(ids);
    terminal.record({ type: 'people-merged', mergeId, ...ids, name: kept.name, faces });
    terminal.say(`${printable(given.name)} is now part of ${printable(kept.name)}, who has ${count(faces, 'photo')}.`);
    terminal.note(`To undo it within 30 days: kith people unmerge ${mergeId} -g ${options.gallery}`);
  });
}

export function unmergePeople(context: CommandContext, mergeId: string, options: InGallery): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (people) => {
    const { fromPersonId, intoPersonId, fromName } = await people.undoMerge(mergeId);
    terminal.record({ type: 'people-unmerged', mergeId, fromPersonId, intoPersonId });
    terminal.say(`${printable(fromName)} is a person of their own again.`);
  });
}

interface SplitOptions extends InGallery {
  readonly faces: readonly string[];
  readonly as?: string;
  readonly to?: string;
}

export function splitPerson(context: CommandContext, idOrName: string, options: SplitOptions): Promise<ExitCode> {
  const { terminal } = context;
  if ((options.as === undefined) === (options.to === undefined)) {
    throw new UsageError('Say whose the faces are: --as <name> for somebody new, or --to <person> who is there.');
  }
  return inGallery(context, options, async (people) => {
    const from = await findPerson(people, idOrName);
    const faceIds = [...new Set(options.faces)];
    const unknown = faceIds.filter((faceId) => !from.faceIds.includes(faceId));
    if (unknown.length > 0) {
      throw new UsageError(
        `${printable(from.name)} has no face ${unknown.map(printable).join(', ')}: kith people show lists those there are.`,
      );
    }
    const to =
      options.to === undefined
        ? await newPerson(people, (options.as ?? '').normalize('NFC'))
        : await findPerson(people, options.to);
    const ids = { fromPersonId: from.personId, toPersonId: to.personId };
    await people.moveFaces({ ...ids, faceIds });
    terminal.record({ type: 'faces-moved', ...ids, name: to.name, faceIds });
    const moved = count(faceIds.length, 'photo');
    terminal.say(
      `${moved} of ${printable(from.name)} ${faceIds.length === 1 ? 'is' : 'are'} now ${printable(to.name)}'s.`,
    );
  });
}

export function erasePeople(context: CommandContext, persons: readonly string[], options: Unasked): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (people) => {
    // Somebody may be named twice, by name and by id
    const byId = new Map<string, KnownPerson>();
    for (const idOrName of persons) {
      const person = await findPerson(people, idOrName);
      byId.set(person.personId, person);
    }
    const found = [...byId.values()];
    const faces = found.reduce((sum, { faceIds }) => sum + faceIds.length, 0);
    const whom = found.length === 1 ? printable(found[0]?.name ?? '') : count(found.length, 'person', 'people');
    await confirm(terminal, `This erases ${whom} with ${count(faces, 'photo')} for good.`, options);
    for (const { personId, name, faceIds } of found) {
      const signed = await people.erase(personId);
      terminal.record({
        type: 'person-erased',
        galleryId: people.galleryId,
        personId,
        faces: faceIds.length,
        ...signed,
      });
      terminal.say(`Erased ${printable(name)} with ${count(faceIds.length, 'photo')}.`);
    }
  });
}

async function newPerson(people: PeopleOfGallery, name: string) {
  return { name, ...(await people.create({ name })) };
}
