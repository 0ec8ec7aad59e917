import { DEFAULT_TENANT, openRecords } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { listDueConsents } from '../../core/operations/manage-consents.ts';
import type { DuePlace } from '../../core/storage/consents.ts';
import { type CommandContext, closing, requireData } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { PERSON_GALLERY_KINDS } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { formatTable } from '../table.ts';

const DEFAULT_DUE_MS = 30 * 86_400_000;

export async function listConsents(
  { terminal, loadConfig }: CommandContext,
  options: { readonly due?: number },
): Promise<ExitCode> {
  const config = loadConfig();
  await requireData(config);
  return closing(await openRecords(config, 'command-line'), async (deps) => {
    const nowMs = deps.clock.nowMs();
    const due = {
      tenantId: DEFAULT_TENANT,
      byMs: options.due ?? nowMs + DEFAULT_DUE_MS,
      kinds: PERSON_GALLERY_KINDS,
    };
    const rows: string[][] = [];
    let after: DuePlace | undefined;
    for (;;) {
      const page = await listDueConsents(deps, due, { limit: MAX_PAGE, ...(after ? { after } : {}) });
      for (const { galleryId, personId, personName, consent } of page) {
        const untilMs = consent.untilMs ?? 0;
        const until = new Date(untilMs).toISOString();
        const state = untilMs <= nowMs ? 'expired' : 'given';
        const { givenBy, method } = consent;
        terminal.record({ type: 'consent', galleryId, personId, name: personName, givenBy, method, until, state });
        rows.push([until.slice(0, 10), state, printable(personName), galleryId, personId]);
        after = { untilMs, personId };
      }
      if (page.length < MAX_PAGE) break;
    }
    terminal.answer(formatTable(terminal, ['Until', 'State', 'Name', 'Gallery', 'Person id'], rows));
    return EXIT.done;
  });
}
