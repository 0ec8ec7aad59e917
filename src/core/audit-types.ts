// What the audit log records: who did what, without a photo, a template, a name or user data.
import type { ProblemKind } from './errors.ts';
import type { ConsentPolicy, GalleryRef, Principal } from './types.ts';

/** Who acts. `keyId` is an API key's id, or says which part of Kith acts by itself. */
export type AuditActor = Pick<Principal, 'tenantId' | 'keyId'>;

/** What is recorded with every action. */
export interface AuditOutcome {
  /** A deed is `begun` before it is done, and then `done`, `refused` or `failed`; what changes nothing is recorded once. */
  readonly outcome: 'begun' | 'done' | 'refused' | 'failed';
  /** Why it was refused or failed; `internal` for a bug or an outage. */
  readonly problem?: ProblemKind | 'internal';
  /** The record of its beginning. */
  readonly follows?: AuditRef;
  /** What it came to: `persons`, `enrolments`, `searched` … */
  readonly counts?: Readonly<Record<string, number>>;
  /** Of an erasure: what its receipt says beside that, so that it can be made out again. */
  readonly receipt?: NotedReceipt;
}

/** What a receipt says that neither the record of the erasure nor its counts say. */
export interface NotedReceipt {
  readonly receiptId: string;
  /** ISO 8601. */
  readonly erasedAt: string;
  readonly unconfirmedNodes?: readonly string[];
}

/** One comparison with a gallery: what was searched with, and who was named. */
export interface AuditedSearch {
  /** Absent when the face came with the request and was not kept. */
  readonly probeId?: string;
  /** Best first; empty when nobody passed. */
  readonly candidates: readonly { readonly personId: string; readonly score: number }[];
}

interface AuditedModel {
  readonly recognitionModel: string;
  readonly packId: string;
}

type AuditedGallery = Pick<GalleryRef, 'kind' | 'galleryId'>;

export type AuditEvent = AuditOutcome &
  (
    | (AuditedModel & {
        readonly action: 'search';
        readonly gallery: AuditedGallery;
        /** Score from which a person became a candidate. */
        readonly thresholdScore: number;
        readonly searches: readonly AuditedSearch[];
      })
    | (AuditedModel & {
        readonly action: 'verify';
        readonly gallery?: AuditedGallery;
        readonly personIds?: readonly string[];
        readonly probeIds: readonly string[];
        readonly thresholdScore: number;
        readonly score: number;
      })
    | (AuditedModel & { readonly action: 'detect-kept'; readonly probeIds: readonly string[] })
    | {
        readonly action:
          | 'gallery-create'
          | 'gallery-change'
          | 'gallery-train'
          | 'gallery-rekey'
          | 'person-create'
          | 'person-change'
          | 'person-read'
          | 'person-merge'
          | 'person-unmerge'
          | 'enrol'
          | 'enrolment-change'
          | 'enrolment-move'
          | 'consent-give'
          | 'consent-withdraw'
          | 'consent-expire'
          | 'duplicate-dismiss'
          | 'duplicate-restore'
          | 'review-confirm'
          | 'review-reject'
          | 'review-read'
          | 'erase-enrolment'
          | 'erase-person'
          | 'erase-gallery'
          | 'export'
          | 'import';
        readonly gallery: AuditedGallery;
        readonly personIds?: readonly string[];
        readonly enrolmentIds?: readonly string[];
        readonly packId?: string;
        /** Of a gallery made or changed: under `attested`, this record is its owner's attestation. */
        readonly consentPolicy?: ConsentPolicy;
        /** Of a verdict: the record of the search that it is about. */
        readonly search?: AuditRef;
      }
    | { readonly action: 'erase-again' | 'erase-probes' | 'erase-tenant' | 'backup' | 'restore' | 'migrate' }
    /** A receipt was made out again. */
    | {
        readonly action: 'erasure-receipt';
        readonly gallery?: AuditedGallery;
        readonly personIds?: readonly string[];
        /** The beginning of the erasure. */
        readonly erasure: AuditRef;
      }
    | { readonly action: 'key-create' | 'key-rotate' | 'key-revoke'; readonly subjectKeyId: string }
    /** Names of the settings, never their values. */
    | { readonly action: 'settings-change'; readonly settings: readonly string[] }
  );

export type AuditAction = AuditEvent['action'];

export type AuditEventOf<Action extends AuditAction> = Extract<AuditEvent, { readonly action: Action }>;

/** Where a record stands: the number of its line in its chain. */
export interface AuditRef {
  readonly chain: string;
  readonly seq: number;
}

/** An event as it stands in the log. */
export type AuditRecord = AuditEvent & AuditActor & AuditRef & { /** ISO 8601. */ readonly time: string };

/** How far a chain of the log has come, signed with the log's key. */
export interface AuditHead {
  readonly chain: string;
  /** Number and hash of the last line it covers, and with it of all before. */
  readonly seq: number;
  readonly hash: string;
  /** Where that line begins. */
  readonly segment: number;
  readonly offsetBytes: number;
  readonly time: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/** How far a chain of a node's log had come, as the node signed it, kept apart from the node. */
export interface AuditCheckpoint {
  /** Of the key that the log is signed with: SPKI, DER. */
  readonly publicKey: Uint8Array;
  readonly chain: string;
  readonly seq: number;
  /** The signed head, in the text it has in the log. */
  readonly head: string;
  readonly nodeId: string;
  /** For people: which node it was. */
  readonly nodeName: string;
}
