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

export interface SignedReceipt<Subject extends ErasedSubject = ErasedThing> {
  readonly receipt: ErasureReceipt<Subject>;
  readonly signature: {
    readonly algorithm: 'Ed25519';
    /** SHA-256 of the public key (SPKI, DER), hex. */
    readonly keyFingerprint: string;
    /** Base64. */
    readonly value: string;
  };
}
