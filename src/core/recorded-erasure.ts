// What the audit log has of an erasure, in the words of a receipt.
import type { AuditAction, AuditRecord } from './audit-types.ts';
import type { ErasedCounts, ErasedSubject, RecordedErasure } from './erasure-types.ts';
import { isWithinBounds } from './key-bounds.ts';
import type { Store } from './storage/store.ts';
import type { KeyBounds } from './types.ts';

/** Those that a receipt is given for. */
export const ERASURES: readonly AuditAction[] = ['erase-person', 'erase-gallery', 'erase-tenant'];
/** Who acts when people's time is over. */
export const RETENTION_KEY_ID = 'retention-sweep';

const COUNTS: readonly (keyof ErasedCounts)[] = [
  'persons',
  'keys',
  'templates',
  'photos',
  'consents',
  'snapshotTemplates',
];

/** Undefined for a record that is no erasure's end. */
export function recordedErasure(end: AuditRecord): RecordedErasure | undefined {
  const subject = subjectOf(end);
  if (!subject || end.outcome !== 'done' || !end.follows) return undefined;
  const { tenantId, keyId, time, follows: record, receipt } = end;
  const removed = removedOf(end);
  return {
    ...(receipt ? { receiptId: receipt.receiptId } : {}),
    erasedAt: receipt?.erasedAt ?? time,
    tenantId,
    subject,
    ...(removed ? { removed } : {}),
    record: { chain: record.chain, seq: record.seq },
    ...(receipt?.unconfirmedNodes ? { unconfirmedNodes: [...receipt.unconfirmedNodes] } : {}),
    keyId,
    cause: keyId === RETENTION_KEY_ID ? 'retention' : 'asked',
    notOnRecord: [
      ...(receipt ? [] : (['receiptId'] as const)),
      ...(removed ? [] : (['removed'] as const)),
      ...(receipt ? [] : (['unconfirmedNodes'] as const)),
    ],
  };
}

/** Whether a key bound so may know of it. A gallery that is gone has no purpose any more. */
export async function isErasureWithin(
  { store }: { readonly store: Pick<Store, 'findGallery'> },
  bounds: KeyBounds | undefined,
  { tenantId, subject }: Pick<RecordedErasure, 'tenantId' | 'subject'>,
): Promise<boolean> {
  if (!bounds) return true;
  if (subject.what === 'tenant') return false;
  const { galleryKind: kind, galleryId } = subject;
  const purpose = bounds.purposes && (await store.findGallery({ tenantId, kind, galleryId }))?.purpose;
  return isWithinBounds(bounds, { galleryId, ...(purpose === undefined ? {} : { purpose }) });
}

function subjectOf(record: AuditRecord): ErasedSubject | undefined {
  if (record.action === 'erase-tenant') return { what: 'tenant' };
  if (record.action !== 'erase-person' && record.action !== 'erase-gallery') return undefined;
  const { kind: galleryKind, galleryId } = record.gallery;
  if (record.action === 'erase-gallery') return { what: 'gallery', galleryKind, galleryId };
  const [personId] = record.personIds ?? [];
  return personId === undefined ? undefined : { what: 'person', galleryKind, galleryId, personId };
}

function removedOf({ counts }: AuditRecord): ErasedCounts | undefined {
  if (!counts || COUNTS.some((name) => counts[name] === undefined)) return undefined;
  return Object.fromEntries(COUNTS.map((name) => [name, counts[name]])) as unknown as ErasedCounts;
}
