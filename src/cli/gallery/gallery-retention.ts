import { openRecords, removeCopies } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { enforceRetention, listOverdue } from '../../core/operations/enforce-retention.ts';
import type { UnusedPerson } from '../../core/storage/uses.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';

export interface RetentionOptions {
  readonly dryRun?: true;
  readonly apply?: true;
  readonly yes?: true;
}

/** Lists whose time is over; with `apply`, erases them. */
export async function galleryRetention(
  { terminal, loadConfig }: CommandContext,
  galleryId: string,
  options: RetentionOptions,
): Promise<ExitCode> {
  if ((options.dryRun === true) === (options.apply === true)) {
    throw new UsageError('Say --dry-run to see who would be erased, or --apply to erase them.');
  }
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (records) => {
    const deps = { ...records, follower: { catchUp: () => removeCopies(config) } };
    const gallery = await getGallery(deps, galleryId);
    const overdue: UnusedPerson[] = [];
    for (;;) {
      const last = overdue.at(-1);
      const page = await listOverdue(deps, gallery, { limit: MAX_PAGE, ...(last ? { after: last } : {}) });
      overdue.push(...page);
      if (page.length < MAX_PAGE) break;
    }
    for (const { personId, personName, lastUsedMs } of overdue) {
      terminal.record({ type: 'overdue', galleryId, personId, name: personName, lastUsedAt: isoTime(lastUsedMs) });
    }
    const rows = overdue.map(({ personId, personName, lastUsedMs }) => [
      isoTime(lastUsedMs).slice(0, 10),
      printable(personName),
      personId,
    ]);
    terminal.answer(formatTable(terminal, ['Last used', 'Name', 'Person id'], rows));
    const whom = count(overdue.length, 'person', 'people');
    terminal.note(`${whom} unused for more than ${count(gallery.retentionDays, 'day')}.`);
    if (!options.apply || overdue.length === 0) return EXIT.done;
    await confirm(terminal, `This erases ${whom} for good.`, options);
    let erased = 0;
    for (;;) {
      const personIds = await enforceRetention(deps, gallery, MAX_PAGE);
      for (const personId of personIds) terminal.record({ type: 'person-erased', galleryId, personId });
      erased += personIds.length;
      if (personIds.length < MAX_PAGE) break;
    }
    terminal.say(`Erased ${count(erased, 'person', 'people')}.`);
    return EXIT.done;
  });
}

function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
