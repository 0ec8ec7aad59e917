import { setTimeout as delay } from 'node:timers/promises';
import { KithError } from '../../core/errors.ts';
import { listErasures } from '../../core/operations/list-erasures.ts';
import { reissueReceipt } from '../../core/operations/reissue-receipt.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { type CommandContext, withRecords } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { KnownErasures } from './known-erasures.ts';

/** Opens the data directory for as long as `work` takes. */
export function withLocalErasures(
  context: CommandContext,
  tenantId: string = DEFAULT_TENANT,
  work: (erasures: KnownErasures) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withRecords(context, (records) => {
    // On record as a deed within that tenant
    const deps = { ...records, audit: records.auditLog.actingAs({ tenantId, keyId: 'command-line' }) };
    return work({
      list: (wanted) => listErasures(deps, { tenantId, ...wanted }),
      receipt: (record) => onceSigned(context, () => reissueReceipt(deps, { tenantId, record })),
    });
  });
}

/** A running service signs its log every ten seconds; one that was killed never signs its last records. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 500;

async function onceSigned<T>({ terminal }: CommandContext, issue: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (let look = 1; ; look++) {
    try {
      return await issue();
    } catch (error) {
      const isUnsigned = error instanceof KithError && error.problem.kind === 'unavailable';
      if (!isUnsigned || performance.now() > untilMs) throw error;
      if (look === 1) terminal.note('The service has not signed this record yet: one moment …');
      await delay(LOOK_EVERY_MS);
    }
  }
}
