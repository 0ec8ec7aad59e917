import type { AuditEvent, AuditOutcome, AuditRef, NotedReceipt } from './audit-types.ts';
import { KithError } from './errors.ts';
import type { Acting } from './ports.ts';
import type { GalleryRef } from './types.ts';

type WithoutOutcome<Event> = Event extends AuditEvent ? Omit<Event, keyof AuditOutcome> : never;

/** What is about to be done. */
export type AuditedDeed = WithoutOutcome<AuditEvent>;

/** A gallery as a record names it: the tenant is that of whoever acts. */
export function auditedGallery({ kind, galleryId }: Pick<GalleryRef, 'kind' | 'galleryId'>) {
  return { kind, galleryId };
}

/**
 * Puts on record that it begins, does it, and puts on record how it ended. Rejects with `unavailable`, and nothing is
 * done, when the beginning can't be recorded. What changes nothing (a search, a read) needs no beginning: it records
 * once, before it answers. `act` is told where its beginning stands.
 */
export async function audited<T>(
  deps: Acting,
  deed: AuditedDeed & {
    readonly countsOf?: (result: T) => Readonly<Record<string, number>>;
    readonly receiptOf?: (result: T) => NotedReceipt;
  },
  act: (begun: AuditRef) => Promise<T>,
): Promise<T> {
  const { countsOf, receiptOf, ...event } = deed;
  const follows = await deps.audit.record({ ...event, outcome: 'begun' });
  const conclude = async (outcome: AuditOutcome): Promise<void> => {
    // What was done can't be undone, and is on record with all its ids: to answer that nothing was done would be false
    await deps.audit.record({ ...event, ...outcome, follows }).catch(() => undefined);
  };
  let result: T;
  try {
    result = await act(follows);
  } catch (error) {
    const problem = error instanceof KithError ? error.problem.kind : 'internal';
    await conclude({ outcome: problem === 'internal' ? 'failed' : 'refused', problem });
    throw error;
  }
  await conclude({
    outcome: 'done',
    ...(countsOf ? { counts: countsOf(result) } : {}),
    ...(receiptOf ? { receipt: receiptOf(result) } : {}),
  });
  return result;
}
