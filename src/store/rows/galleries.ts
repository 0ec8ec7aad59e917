import { KithError } from '../../core/errors.ts';
import type { GalleryPatch } from '../../core/storage/galleries.ts';
import type { ConsentPolicy, Gallery, GalleryKind, GalleryRef, GalleryTail, Training } from '../../core/types.ts';

export interface GalleryHead {
  readonly galleryNo: number;
  readonly persons: number;
  readonly enrolments: number;
  readonly consentPolicy: ConsentPolicy;
  readonly transformKey: Uint8Array | null;
}

export interface GalleryRow {
  readonly galleryNo: number;
  readonly tenantId: string;
  readonly kind: GalleryKind;
  readonly galleryId: string;
  readonly name: string;
  readonly userData: string | null;
  readonly recognitionModel: string;
  readonly trainingStatus: Training['status'];
  readonly trainingLastActionMs: number | null;
  readonly trainingLastSucceededMs: number | null;
  readonly trainingMessage: string | null;
  readonly targetFpir: number | null;
  readonly keepPhotos: number;
  readonly purpose: string | null;
  readonly lawfulBasis: string | null;
  readonly retentionDays: number;
  readonly consentPolicy: ConsentPolicy;
  readonly twoPersonRule: number;
  readonly tail: string | null;
  readonly templatesChangedMs: number | null;
  readonly transformKey: Uint8Array | null;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export const COLUMNS = `gallery_no AS "galleryNo", tenant_id AS "tenantId", kind, gallery_id AS "galleryId", name,
  user_data AS "userData", recognition_model AS "recognitionModel", training_status AS "trainingStatus",
  training_last_action_ms AS "trainingLastActionMs", training_last_succeeded_ms AS "trainingLastSucceededMs",
  training_message AS "trainingMessage", target_fpir AS "targetFpir", keep_photos AS "keepPhotos", purpose,
  lawful_basis AS "lawfulBasis", retention_days AS "retentionDays", consent_policy AS "consentPolicy",
  two_person_rule AS "twoPersonRule", tail,
  templates_changed_ms AS "templatesChangedMs", transform_key AS "transformKey",
  created_ms AS "createdMs", modified_ms AS "modifiedMs"`;

export const WHERE_REF = 'tenant_id = @tenantId AND kind = @kind AND gallery_id = @galleryId AND erasing = 0';

/** Only what names the gallery: statements refuse parameters they don't know, and callers may pass a whole Gallery. */
export function keyOf({ tenantId, kind, galleryId }: GalleryRef): GalleryRef {
  return { tenantId, kind, galleryId };
}

/** Null for what is not said. */
export interface SettingColumns {
  readonly name: string | null;
  readonly userData: string | null;
  readonly targetFpir: number | null;
  readonly keepPhotos: number | null;
  readonly purpose: string | null;
  readonly lawfulBasis: string | null;
  readonly retentionDays: number | null;
  readonly consentPolicy: ConsentPolicy | null;
  readonly twoPersonRule: number | null;
}

export function settingColumns(settings: GalleryPatch): SettingColumns {
  return {
    name: settings.name ?? null,
    userData: settings.userData ?? null,
    targetFpir: settings.targetFpir ?? null,
    keepPhotos: settings.keepPhotos === undefined ? null : Number(settings.keepPhotos),
    purpose: settings.purpose ?? null,
    lawfulBasis: settings.lawfulBasis ?? null,
    retentionDays: settings.retentionDays ?? null,
    consentPolicy: settings.consentPolicy ?? null,
    twoPersonRule: settings.twoPersonRule === undefined ? null : Number(settings.twoPersonRule),
  };
}

export function missing(ref: GalleryRef): never {
  throw new KithError({ kind: 'not-found', resource: 'gallery', id: ref.galleryId, galleryKind: ref.kind });
}

export function toGallery(row: GalleryRow): Gallery {
  return {
    tenantId: row.tenantId,
    kind: row.kind,
    galleryId: row.galleryId,
    galleryNo: row.galleryNo,
    name: row.name,
    ...(row.userData !== null && { userData: row.userData }),
    recognitionModel: row.recognitionModel,
    ...(row.targetFpir !== null && { targetFpir: row.targetFpir }),
    keepPhotos: row.keepPhotos === 1,
    ...(row.purpose !== null && { purpose: row.purpose }),
    ...(row.lawfulBasis !== null && { lawfulBasis: row.lawfulBasis }),
    retentionDays: row.retentionDays,
    consentPolicy: row.consentPolicy,
    twoPersonRule: row.twoPersonRule === 1,
    ...(row.templatesChangedMs !== null && { templatesChangedMs: row.templatesChangedMs }),
    ...(row.transformKey !== null && { transformKey: row.transformKey }),
    ...(row.tail !== null && { tail: JSON.parse(row.tail) as GalleryTail }),
    training: {
      status: row.trainingStatus,
      ...(row.trainingLastActionMs !== null && { lastActionMs: row.trainingLastActionMs }),
      ...(row.trainingLastSucceededMs !== null && { lastSucceededMs: row.trainingLastSucceededMs }),
      ...(row.trainingMessage !== null && { message: row.trainingMessage }),
    },
    createdMs: row.createdMs,
    modifiedMs: row.modifiedMs,
  };
}
