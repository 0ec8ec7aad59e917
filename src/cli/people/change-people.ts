// What changes who is who. Each opens the data directory, does one thing and says what it did.
import { openRecords, removeCopies } from '../../compose.ts';
import { createPerson, deletePerson, updatePerson } from '../../core/operations/manage-persons.ts';
import { mergePersons, moveEnrolments, undoMerge } from '../../core/operations/merge-persons.ts';
import type { Gallery } from '../../core/types.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import { findPerson } from './find-person.ts';

interface InGallery {
  readonly gallery: string;
}

type Records = Awaited<ReturnType<typeof openRecords>>;

/** The service's index follows the store by itself, within half a second. */
const NO_INDEX = { follower: { catchUp: async () => undefined } };

async function inGallery(
  { loadConfig }: CommandContext,
  options: InGallery,
  work: (deps: Records & typeof NO_INDEX, gallery: Gallery) => Promise<void>,
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    await work({ ...deps, ...NO_INDEX }, await getGallery(deps, options.gallery));
    return EXIT.done;
  });
}

export function renamePerson(
  context: CommandContext,
  [idOrName, name]: readonly [string, string],
  options: InGallery,
): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (deps, gallery) => {
    const person = await findPerson(deps, gallery, idOrName);
    const newName = name.normalize('NFC');
    await updatePerson(deps, { gallery, personId: person.personId }, { name: newName });
    terminal.record({ type: 'person-renamed', personId: person.personId, name: newName, before: person.name });
    terminal.say(`${printable(person.name)} is now called ${printable(newName)}.`);
  });
}

export function mergePeople(
  context: CommandContext,
  [from, into]: readonly [string, string],
  options: InGallery,
): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (deps, gallery) => {
    const given = await findPerson(deps, gallery, from);
    const kept = await findPerson(deps, gallery, into);
    const ids = { fromPersonId: given.personId, intoPersonId: kept.personId };
    const { mergeId } = await mergePersons(deps, gallery, ids);
    const faces = given.enrolmentIds.length + kept.enrolmentIds.length;
    terminal.record({ type: 'people-merged', mergeId, ...ids, name: kept.name, faces });
    terminal.say(`${printable(given.name)} is now part of ${printable(kept.name)}, who has ${count(faces, 'photo')}.`);
    terminal.note(`To undo it within 30 days: kith people unmerge ${mergeId} -g ${options.gallery}`);
  });
}

export function unmergePeople(context: CommandContext, mergeId: string, options: InGallery): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (deps, gallery) => {
    const { fromPersonId, intoPersonId, fromName } = await undoMerge(deps, gallery, mergeId);
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
  return inGallery(context, options, async (deps, gallery) => {
    const from = await findPerson(deps, gallery, idOrName);
    const unknown = options.faces.filter((faceId) => !from.enrolmentIds.includes(faceId));
    if (unknown.length > 0) {
      throw new UsageError(
        `${printable(from.name)} has no face ${unknown.join(', ')}: kith people show lists those there are.`,
      );
    }
    const to =
      options.to === undefined
        ? await createPerson(deps, gallery, { name: (options.as ?? '').normalize('NFC') })
        : await findPerson(deps, gallery, options.to);
    const ids = { fromPersonId: from.personId, toPersonId: to.personId };
    await moveEnrolments(deps, gallery, { ...ids, enrolmentIds: options.faces });
    terminal.record({ type: 'faces-moved', ...ids, name: to.name, faceIds: options.faces });
    const moved = count(options.faces.length, 'photo');
    terminal.say(
      `${moved} of ${printable(from.name)} ${options.faces.length === 1 ? 'is' : 'are'} now ${printable(to.name)}'s.`,
    );
  });
}

interface EraseOptions extends InGallery {
  readonly yes?: true;
}

export function erasePeople(
  context: CommandContext,
  persons: readonly string[],
  options: EraseOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  return inGallery(context, options, async (deps, gallery) => {
    const found = [];
    for (const idOrName of persons) found.push(await findPerson(deps, gallery, idOrName));
    const faces = found.reduce((sum, { enrolmentIds }) => sum + enrolmentIds.length, 0);
    const whom = found.length === 1 ? printable(found[0]?.name ?? '') : count(found.length, 'person', 'people');
    await confirm(terminal, `This erases ${whom} with ${count(faces, 'photo')} for good.`, options);
    // Copies on the disk go before an erasure is acknowledged
    const erasing = { ...deps, follower: { catchUp: () => removeCopies(context.loadConfig()) } };
    for (const { personId, name, enrolmentIds } of found) {
      const signed = await deletePerson(erasing, gallery, personId);
      terminal.record({ type: 'person-erased', personId, faces: enrolmentIds.length, ...signed });
      terminal.say(`Erased ${printable(name)} with ${count(enrolmentIds.length, 'photo')}.`);
    }
  });
}
