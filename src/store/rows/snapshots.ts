import { KithError } from '../../core/errors.ts';
import type { Gallery, GalleryKind, Snapshot } from '../../core/types.ts';

export interface SnapshotRow {
  readonly snapshotNo: number;
  readonly snapshotId: string;
  readonly kind: GalleryKind;
  /** JSON array. */
  readonly applyScope: string;
  readonly userData: string | null;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export type RestoredGallery = Pick<Gallery, 'galleryNo' | 'consentPolicy' | 'createdMs'>;

export interface CopiedPerson {
  readonly personNo: number;
  readonly personId: string;
}

export const COLUMNS = `snapshot_no AS "snapshotNo", snapshot_id AS "snapshotId", kind, apply_scope AS "applyScope",
  user_data AS "userData", created_ms AS "createdMs", modified_ms AS "modifiedMs"`;
export const TERMS = 'purpose, lawful_basis, retention_days, consent_policy, two_person_rule';
export const CONSENT = 'given_by, method, text_hash, given_ms, until_ms, withdrawn_ms, ended_ms';
export const ENROLMENT_COLUMNS = `enrolment_id, user_data, left_px, top_px, width_px, height_px, quality_level,
  quality_reasons, source_hash, pack_id, created_ms`;

/** What `finished` says. One being taken or erased is invisible. */
export const ERASING = -1;

export interface NewSnapshotRow {
  readonly galleryNo: number;
  readonly snapshotId: string;
  readonly applyScope: string;
  readonly userData: string | null;
  readonly createdMs: number;
}

export function missing(snapshotId: string): never {
  throw new KithError({ kind: 'not-found', resource: 'snapshot', id: snapshotId });
}

export function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    snapshotId: row.snapshotId,
    kind: row.kind,
    applyScope: JSON.parse(row.applyScope) as string[],
    ...(row.userData !== null && { userData: row.userData }),
    createdMs: row.createdMs,
    modifiedMs: row.modifiedMs,
  };
}
