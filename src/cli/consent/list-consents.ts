import { MAX_PAGE } from '../../core/limits.ts';
import { listDueConsents } from '../../core/operations/manage-consents.ts';
import type { DuePlace } from '../../core/storage/consents.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, withRecords } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { PERSON_GALLERY_KINDS } from '../find-gallery.ts';
import { printable } from '../printable.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { formatTable } from '../table.ts';

const DEFAULT_DUE_MS = 30 * 86_400_000;

interface Due {
  readonly galleryId: string;
  readonly personId: string;
  readonly name: string;
  readonly givenBy: string;
  readonly method: string;
  readonly untilMs: number;
}

export async function listConsents(context: CommandContext, options: { readonly due?: number }): Promise<ExitCode> {
  const { terminal, service } = context;
  const nowMs = Date.now();
  const byMs = options.due ?? nowMs + DEFAULT_DUE_MS;
  const rows: string[][] = [];
  await (service ? fromService(service, byMs, enter) : fromDataDirectory(context, byMs, enter));
  terminal.answer(formatTable(terminal, ['Until', 'State', 'Name', 'Gallery', 'Person id'], rows));
  return EXIT.done;

  function enter({ galleryId, personId, name, givenBy, method, untilMs }: Due): void {
    const until = new Date(untilMs).toISOString();
    const state = untilMs <= nowMs ? 'expired' : 'given';
    terminal.record({ type: 'consent', galleryId, personId, name, givenBy, method, until, state });
    rows.push([until.slice(0, 10), state, printable(name), galleryId, personId]);
  }
}

function fromDataDirectory(context: CommandContext, byMs: number, enter: (due: Due) => void): Promise<void> {
  return withRecords(context, async (deps) => {
    const due = { tenantId: DEFAULT_TENANT, byMs, kinds: PERSON_GALLERY_KINDS };
    let after: DuePlace | undefined;
    for (;;) {
      const page = await listDueConsents(deps, due, { limit: MAX_PAGE, ...(after ? { after } : {}) });
      for (const { galleryId, personId, personName, consent } of page) {
        const { givenBy, method, untilMs = 0 } = consent;
        enter({ galleryId, personId, name: personName, givenBy, method, untilMs });
        after = { untilMs, personId };
      }
      if (page.length < MAX_PAGE) return;
    }
  });
}

async function fromService(service: ServiceClient, byMs: number, enter: (due: Due) => void): Promise<void> {
  const { DueConsents } = await import('../../dialects/kith/consent-wire.ts');
  let after: string | undefined;
  do {
    const page = await service.call({
      method: 'GET',
      path: pathTo('consents'),
      query: { due: new Date(byMs).toISOString(), limit: MAX_PAGE, after },
      answers: DueConsents,
      isRepeatable: true,
    });
    for (const { galleryId, personId, name, consent } of page.consents) {
      const { givenBy, method, until } = consent;
      enter({ galleryId, personId, name, givenBy, method, untilMs: Date.parse(until ?? '') });
    }
    after = page.next;
  } while (after !== undefined);
}
