// What people said of pairs: that they are two people, and that back.
import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { findPerson, type KnownDismissedPair, withPeople } from '../people/people-of-gallery.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

interface InGallery {
  readonly gallery: string;
}

export function dismissPair(
  context: CommandContext,
  pair: readonly [string, string],
  options: InGallery,
): Promise<ExitCode> {
  const { terminal } = context;
  return decide(context, pair, options, async (people, [person, other]) => {
    await people.dismissPair([person.personId, other.personId]);
    terminal.record({ type: 'pair-dismissed', personIds: [person.personId, other.personId] });
    terminal.say(`${printable(person.name)} and ${printable(other.name)} are two people.`);
    // By id: both may have one name
    terminal.note(
      `To take it back: kith duplicates undismiss ${person.personId} ${other.personId} -g ${options.gallery}`,
    );
  });
}

export function undismissPair(
  context: CommandContext,
  pair: readonly [string, string],
  options: InGallery,
): Promise<ExitCode> {
  const { terminal } = context;
  return decide(context, pair, options, async (people, [person, other]) => {
    await people.restorePair([person.personId, other.personId]);
    terminal.record({ type: 'pair-undismissed', personIds: [person.personId, other.personId] });
    terminal.say(`${printable(person.name)} and ${printable(other.name)} may be found as a pair again.`);
  });
}

export function listDismissed(context: CommandContext, options: InGallery): Promise<ExitCode> {
  const { terminal } = context;
  return withPeople(context, options.gallery, async (people) => {
    const listed: KnownDismissedPair[] = [];
    for await (const pair of people.dismissedPairs()) {
      const { people: both, keyId, dismissedMs } = pair;
      const dismissedAt = new Date(dismissedMs).toISOString();
      terminal.record({
        type: 'dismissed-pair',
        people: both.map(({ personId, name }) => ({ personId, person: name })),
        keyId,
        dismissedAt,
      });
      if (!terminal.isJson) listed.push(pair);
    }
    if (terminal.isJson) return EXIT.done;
    const rows = listed.map(({ people: both, keyId, dismissedMs }) => [
      ...both.map(({ name }) => printable(name)),
      new Date(dismissedMs).toISOString().slice(0, 10),
      printable(keyId),
    ]);
    if (rows.length > 0) terminal.answer(formatTable(terminal, ['Person', 'And', 'Dismissed', 'By key'], rows));
    terminal.say(
      rows.length === 0
        ? `No pair of "${printable(options.gallery)}" was dismissed.`
        : `${count(rows.length, 'pair')} dismissed; to take one back: kith duplicates undismiss <person> <other> -g ${options.gallery}`,
    );
    return EXIT.done;
  });
}

type People = Parameters<Parameters<typeof withPeople>[2]>[0];
type Person = Awaited<ReturnType<typeof findPerson>>;

function decide(
  context: CommandContext,
  [idOrName, otherIdOrName]: readonly [string, string],
  options: InGallery,
  act: (people: People, pair: readonly [Person, Person]) => Promise<void>,
): Promise<ExitCode> {
  return withPeople(context, options.gallery, async (people) => {
    const person = await findPerson(people, idOrName);
    const other = await findPerson(people, otherIdOrName);
    if (person.personId === other.personId) throw new UsageError('They are one person: name two.');
    await act(people, [person, other]);
    return EXIT.done;
  });
}
