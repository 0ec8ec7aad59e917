import { openRecords, removeCopies } from '../../compose.ts';
import * as consents from '../../core/operations/manage-consents.ts';
import { createPerson } from '../../core/operations/manage-persons.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { hashFile } from '../hash-file.ts';
import { describeFileError } from '../image-file.ts';
import { findPerson } from '../people/find-person.ts';
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

export async function giveConsent(
  { terminal, loadConfig }: CommandContext,
  idOrName: string,
  options: GiveOptions,
): Promise<ExitCode> {
  const textHash = await hashOf(options);
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (records) => {
    const deps = { ...records, follower: { catchUp: async () => undefined } };
    const gallery = await getGallery(deps, options.gallery);
    const name = idOrName.normalize('NFC');
    const found = options.new ? undefined : await findPerson(deps, gallery, idOrName);
    const consent = {
      givenBy: (options.by ?? found?.name ?? name).normalize('NFC'),
      method: options.method,
      textHash,
      givenMs: options.given ?? deps.clock.nowMs(),
      ...(options.until === undefined ? {} : { untilMs: options.until }),
    };
    const { personId } = found ?? (await createPerson(deps, gallery, { name, consent }));
    if (found) await consents.giveConsent(deps, { gallery, personId }, consent);
    const record = consentRecord(gallery.galleryId, personId, consent);
    terminal.record(record);
    const term = record.until === undefined ? 'until it is withdrawn' : `until ${record.until.slice(0, 10)}`;
    terminal.say(`The consent of ${printable(found?.name ?? name)} is on record, ${term}.`);
    return EXIT.done;
  });
}

export async function withdrawConsent(
  { terminal, loadConfig }: CommandContext,
  idOrName: string,
  options: InGallery,
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (records) => {
    // Copies on the disk go before it is acknowledged; a running service follows by itself
    const deps = { ...records, follower: { catchUp: () => removeCopies(config) } };
    const gallery = await getGallery(deps, options.gallery);
    const { personId, name } = await findPerson(deps, gallery, idOrName);
    await consents.withdrawConsent(deps, { gallery, personId });
    terminal.record({ type: 'consent-withdrawn', galleryId: gallery.galleryId, personId });
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
