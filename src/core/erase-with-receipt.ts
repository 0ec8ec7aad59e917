import type { AuditRef, NotedReceipt } from './audit-types.ts';
import { audited, auditedGallery } from './audited.ts';
import type { ErasedCounts, ErasedSubject, SignedReceipt } from './erasure-types.ts';
import type { Acting, Deps } from './ports.ts';
import { settleErasure } from './settle-erasure.ts';
import type { GalleryRef } from './types.ts';

/** A longer text has no place in the audit log. */
const MAX_NODE_NAME_LENGTH = 128;

export type ReceiptDeps = Pick<Deps, 'store' | 'follower' | 'erasureLedger' | 'receipts' | 'clock' | 'newId'> & Acting;

/** Erases, settles it, and answers with a receipt; on record with what was taken. */
export async function eraseWithReceipt(
  deps: ReceiptDeps,
  { gallery, personId }: { readonly gallery: GalleryRef; readonly personId?: string },
  erase: () => Promise<ErasedCounts>,
): Promise<SignedReceipt> {
  const { tenantId, kind: galleryKind, galleryId } = gallery;
  const person = personId === undefined ? {} : { personId };
  const what = personId === undefined ? 'gallery' : 'person';
  const deed = {
    action: `erase-${what}`,
    gallery: auditedGallery(gallery),
    ...(personId === undefined ? {} : { personIds: [personId] }),
    ...onRecord,
  } as const;
  return audited(deps, deed, async (record) => {
    const removed = await erase();
    const unconfirmed = await settleErasure(deps);
    const subject = { what, galleryKind, galleryId, ...person } as const;
    return signReceipt(deps, { tenantId, subject, removed, record }, unconfirmed);
  });
}

/** Everything of a tenant, the keys included; on record with what was taken. */
export async function eraseTenantWithReceipt(
  deps: ReceiptDeps,
  tenantId: string,
): Promise<SignedReceipt<{ readonly what: 'tenant' }>> {
  return audited(deps, { action: 'erase-tenant', ...onRecord }, async (record) => {
    const removed = await deps.store.deleteTenant(tenantId);
    const unconfirmed = await settleErasure(deps);
    return signReceipt(deps, { tenantId, subject: { what: 'tenant' } as const, removed, record }, unconfirmed);
  });
}

/** All that the receipt says, so that it can be made out again. */
const onRecord = {
  countsOf: ({ receipt }: SignedReceipt<ErasedSubject>) => ({ ...receipt.removed }),
  receiptOf: ({ receipt: { receiptId, erasedAt, unconfirmedNodes } }: SignedReceipt<ErasedSubject>): NotedReceipt => ({
    receiptId,
    erasedAt,
    ...(unconfirmedNodes ? { unconfirmedNodes } : {}),
  }),
};

function signReceipt<Subject extends ErasedSubject>(
  deps: Pick<ReceiptDeps, 'receipts' | 'clock' | 'newId'>,
  erased: {
    readonly tenantId: string;
    readonly subject: Subject;
    readonly removed: ErasedCounts;
    readonly record: AuditRef;
  },
  unconfirmedNodes: string[],
): SignedReceipt<Subject> {
  const erasedAt = new Date(deps.clock.nowMs()).toISOString();
  const names = unconfirmedNodes.map((name) => name.slice(0, MAX_NODE_NAME_LENGTH));
  const unconfirmed = names.length > 0 ? { unconfirmedNodes: names } : {};
  return deps.receipts.sign({ receiptId: deps.newId(), erasedAt, ...erased, ...unconfirmed });
}
