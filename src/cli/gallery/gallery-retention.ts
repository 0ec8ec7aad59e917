import type { CommandContext } from '../command-context.ts';
import { confirm } from '../confirm.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';
import { count } from '../words.ts';
import { withGalleries } from './known-galleries.ts';

export interface RetentionOptions {
  readonly dryRun?: true;
  readonly apply?: true;
  readonly yes?: true;
}

/** Lists whose time is over; with `apply`, erases them. */
export async function galleryRetention(
  context: CommandContext,
  galleryId: string,
  options: RetentionOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  if ((options.dryRun === true) === (options.apply === true)) {
    throw new UsageError('Say --dry-run to see who would be erased, or --apply to erase them.');
  }
  return withGalleries(context, async (galleries) => {
    const { retentionDays } = await galleries.get(galleryId);
    const rows: string[][] = [];
    for await (const { personId, name, lastUsedMs } of galleries.overdue(galleryId)) {
      const lastUsedAt = new Date(lastUsedMs).toISOString();
      terminal.record({ type: 'overdue', galleryId, personId, name, lastUsedAt });
      rows.push([lastUsedAt.slice(0, 10), printable(name), personId]);
    }
    terminal.answer(formatTable(terminal, ['Last used', 'Name', 'Person id'], rows));
    const whom = count(rows.length, 'person', 'people');
    terminal.note(`${whom} unused for more than ${count(retentionDays, 'day')}.`);
    if (!options.apply || rows.length === 0) return EXIT.done;
    await confirm(terminal, `This erases ${whom} for good.`, options);
    let erased = 0;
    for await (const personId of galleries.eraseOverdue(galleryId)) {
      terminal.record({ type: 'person-erased', galleryId, personId });
      erased++;
    }
    terminal.say(`Erased ${count(erased, 'person', 'people')}.`);
    return EXIT.done;
  });
}
