import { audited, auditedGallery } from './audited.ts';
import type { Acting, Deps } from './ports.ts';
import { settleErasure } from './settle-erasure.ts';
import type { ErasedCounts, ErasureReceipt, GalleryRef, SignedReceipt } from './types.ts';

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
    countsOf: ({ receipt }: SignedReceipt) => ({ ...receipt.removed }),
  } as const;
  return audited(deps, deed, async (record) => {
    const removed = await erase();
    await settleErasure(deps);
    const receipt: ErasureReceipt = {
      receiptId: deps.newId(),
      erasedAt: new Date(deps.clock.nowMs()).toISOString(),
      tenantId,
      subject: { what, galleryKind, galleryId, ...person },
      removed,
      record,
    };
    return deps.receipts.sign(receipt);
  });
}
