import type { CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { hashFile } from '../hash-file.ts';
import { describeFileError } from '../image-file.ts';
import { findPerson, withPeople } from '../people/people-of-gallery.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { consentRecord } from './consent-record.ts';

export interface InGallery {
  readonly gallery: string;
}

export interface GiveOptions extends InGallery {
  readonly by?: string;
  readonly method: string;
  readonly text?: string;
  readonly textHash?: string;
  readonly given?: number;
  readonly until?: number;
  readonly new?: true;
}

export async function giveConsent(context: CommandContext, idOrName: string, options: GiveOptions): Promise<ExitCode> {
  const { terminal } = context;
  const textHash = await hashOf(options);
  return withPeople(context, options.gallery, async (people) => {
    const name = idOrName.normalize('NFC');
    const found = options.new ? undefined : await findPerson(people, idOrName);
    const consent = {
      givenBy: (options.by ?? found?.name ?? name).normalize('NFC'),
      method: options.method,
      textHash,
      givenMs: options.given ?? Date.now(),
      ...(options.until === undefined ? {} : { untilMs: options.until }),
    };
    const { personId } = found ?? (await people.create({ name, consent }));
    if (found) await people.giveConsent(personId, consent);
    const record = consentRecord(people.galleryId, personId, consent);
    terminal.record(record);
    const term = record.until === undefined ? 'until it is withdrawn' : `until ${record.until.slice(0, 10)}`;
    terminal.say(`The consent of ${printable(found?.name ?? name)} is on record, ${term}.`);
    return EXIT.done;
  });
}

export function withdrawConsent(context: CommandContext, idOrName: string, options: InGallery): Promise<ExitCode> {
  const { terminal } = context;
  return withPeople(context, options.gallery, async (people) => {
    const { personId, name } = await findPerson(people, idOrName);
    await people.withdrawConsent(personId);
    terminal.record({ type: 'consent-withdrawn', galleryId: people.galleryId, personId });
    terminal.say(`The consent of ${printable(name)} is withdrawn: nobody finds them any more.`);
    return EXIT.done;
  });
}

async function hashOf({ text, textHash }: GiveOptions): Promise<string> {
  if ((text === undefined) === (textHash === undefined)) {
    throw new UsageError('Say what was consented to: --text <file>, or --text-hash <sha256>.');
  }
  if (text === undefined) return (textHash ?? '').toLowerCase();
  return hashFile(text).catch((error: unknown) => {
    throw new UsageError(`${text}: ${describeFileError(error)}`);
  });
}
