// What an erasure took away, and the receipt that says so.
import type { AuditRef } from './audit-types.ts';
import type { GalleryKind } from './types.ts';

/** What an erasure took away, by where it was. */
export interface ErasedCounts {
  readonly persons: number;
  /** The persons' own keys: without them no copy of their templates opens. */
  readonly keys: number;
  readonly templates: number;
  readonly photos: number;
  readonly consents: number;
  /** Templates in snapshots. */
  readonly snapshotTemplates: number;
}

/** What was erased and when, for whoever asked for it; ids and numbers only. */
export interface ErasureReceipt<Subject extends ErasedSubject = ErasedSubject> {
  readonly receiptId: string;
  /** ISO 8601. */
  readonly erasedAt: string;
  readonly tenantId: string;
  readonly subject: Subject;
  readonly removed: ErasedCounts;
  /** In the audit log. */
  readonly record: AuditRef;
  /** Other nodes that had not confirmed by then that no template is left in their memory; absent when all had. */
  readonly unconfirmedNodes?: string[];
}

export interface ErasedThing {
  readonly what: 'person' | 'gallery';
  readonly galleryKind: GalleryKind;
  readonly galleryId: string;
  readonly personId?: string;
}

export type ErasedSubject = ErasedThing | { readonly what: 'tenant' };

/** A receipt that is made out again, from the record of the erasure. */
export interface ReissuedReceipt extends Omit<ErasureReceipt<ErasedSubject>, 'receiptId' | 'removed'> {
  readonly receiptId?: string;
  readonly removed?: ErasedCounts;
  /** When it was made out again, ISO 8601; the first one has none. */
  readonly issuedAt: string;
  /** What a first receipt says and this one can't: the record is an older Kith's, and `erasedAt` is the record's time. */
  readonly notOnRecord?: readonly ReceiptMember[];
}

export type ReceiptMember = 'receiptId' | 'removed' | 'unconfirmedNodes';

/** With the signature over it, by whose key `kith erasure verify` checks it. */
export interface Signed<Receipt> {
  readonly receipt: Receipt;
  readonly signature: {
    readonly algorithm: 'Ed25519';
    /** SHA-256 of the public key (SPKI, DER), hex. */
    readonly keyFingerprint: string;
    /** Base64. */
    readonly value: string;
  };
}

export type SignedReceipt<Subject extends ErasedSubject = ErasedThing> = Signed<ErasureReceipt<Subject>>;

/** An erasure as the audit log has it. */
export interface RecordedErasure extends Omit<ErasureReceipt<ErasedSubject>, 'receiptId' | 'removed'> {
  readonly receiptId?: string;
  /** Absent in records of older versions that didn't count. */
  readonly removed?: ErasedCounts;
  /** A key's id, or which part of Kith did it by itself. */
  readonly keyId: string;
  /** `retention`: nobody used them for as long as the gallery says; `asked`: somebody said so, with that key. */
  readonly cause: 'asked' | 'retention';
  readonly notOnRecord: readonly ReceiptMember[];
}
