// The receipt of an erasure, had again: what its record in the audit log says, signed anew.
import type { AuditRecord, AuditRef } from '../audit-types.ts';
import type { RecordedErasure, ReissuedReceipt, Signed } from '../erasure-types.ts';
import { KithError } from '../errors.ts';
import type { Acting, Deps, RecordedDeed } from '../ports.ts';
import { ERASURES, isErasureWithin, recordedErasure } from '../recorded-erasure.ts';
import type { KeyBounds } from '../types.ts';

interface WantedReceipt {
  readonly tenantId: string;
  /** Of the key that asks. */
  readonly bounds?: KeyBounds | undefined;
  /** Where the erasure's beginning, or its end, stands in the log. */
  readonly record: AuditRef;
}

/**
 * not-found for a record that is no erasure of the tenant, and for one beyond the bounds; conflict when the log was
 * changed there, or has no end of the erasure. On record, before it is answered.
 */
export async function reissueReceipt(
  deps: Pick<Deps, 'auditHistory' | 'store' | 'receipts' | 'clock'> & Acting,
  { tenantId, bounds, record }: WantedReceipt,
): Promise<Signed<ReissuedReceipt>> {
  const deed = await readErasure(deps, tenantId, record);
  if (!deed) throw unknown(record);
  const erasure = erasureOf(deed, record);
  if (!(await isErasureWithin(deps, bounds, erasure))) throw unknown(record);
  const { keyId: _keyId, cause: _cause, notOnRecord, ...facts } = erasure;
  const { subject } = facts;
  await deps.audit.record({
    action: 'erasure-receipt',
    outcome: 'done',
    ...(subject.what === 'tenant' ? {} : { gallery: { kind: subject.galleryKind, galleryId: subject.galleryId } }),
    ...(subject.what === 'person' && subject.personId !== undefined ? { personIds: [subject.personId] } : {}),
    erasure: facts.record,
  });
  const issuedAt = new Date(deps.clock.nowMs()).toISOString();
  return deps.receipts.sign({ ...facts, issuedAt, ...(notOnRecord.length > 0 ? { notOnRecord } : {}) });
}

async function readErasure(
  { auditHistory }: Pick<Deps, 'auditHistory'>,
  tenantId: string,
  place: AuditRef,
): Promise<RecordedDeed | undefined> {
  const isTheirs = (record: AuditRecord) => record.tenantId === tenantId && ERASURES.includes(record.action);
  const found = await auditHistory.readDeed(place, isTheirs);
  const { follows } = found?.begun ?? {};
  return follows ? auditHistory.readDeed(follows, isTheirs) : found;
}

function erasureOf({ end }: RecordedDeed, place: AuditRef): RecordedErasure {
  const erasure = end && recordedErasure(end);
  if (erasure) return erasure;
  if (end?.outcome === 'refused') throw unknown(place);
  const how = end ? 'it failed' : 'how it ended is not on record';
  const message = `This erasure was begun, and ${how}: no receipt can be made out of that.`;
  throw new KithError({ kind: 'conflict', resource: 'erasure', message });
}

function unknown({ chain, seq }: AuditRef): KithError {
  return new KithError({ kind: 'not-found', resource: 'erasure', id: `${chain}/${seq}` });
}
