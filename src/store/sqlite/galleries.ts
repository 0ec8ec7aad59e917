import type { Database } from 'better-sqlite3';
import type { ErasedCounts } from '../../core/erasure-types.ts';
import { KithError } from '../../core/errors.ts';
import { DEFAULT_RETENTION_DAYS } from '../../core/limits.ts';
import type { GalleryPatch, NewGallery } from '../../core/storage/galleries.ts';
import type { GalleryRef } from '../../core/types.ts';
import { erasureMark } from '../erasure-mark.ts';
import {
  COLUMNS,
  type GalleryHead,
  type GalleryRow,
  keyOf,
  missing,
  type SettingColumns,
  settingColumns,
  toGallery,
  WHERE_REF,
} from '../rows/galleries.ts';
import type { Changes } from './changes.ts';
import type { Erasures } from './erasures.ts';
import type { SyncStore } from './sync-store.ts';

export interface Galleries
  extends Pick<
    SyncStore,
    | 'createGallery'
    | 'findGallery'
    | 'getGallery'
    | 'listGalleries'
    | 'updateGallery'
    | 'setTraining'
    | 'setTail'
    | 'deleteGallery'
    | 'countGallery'
    | 'listTenantIds'
  > {
  /** The gallery's number and counts, without the enrolments of suspended persons; throws not-found. */
  getHead(ref: GalleryRef): GalleryHead;
  /** conflict when templates that were turned with this key don't belong into the gallery any more. */
  requireTransformKey(galleryNo: number, expected: Uint8Array | undefined): void;
  /** Keeps the counts; to be called inside the transaction that adds or removes the rows. */
  addToCounts(galleryNo: number, persons: number, enrolments: number): void;
  /** Removes at most `maxPersons` of a deleted gallery; false when none is left. */
  eraseSome(maxPersons: number): boolean;
}

export function galleries(db: Database, parts: { readonly changes: Changes; readonly erasures: Erasures }): Galleries {
  const { changes, erasures } = parts;
  const insert = db.prepare<
    [GalleryRef & SettingColumns & { recognitionModel: string; transformKey: Uint8Array | null; createdMs: number }],
    GalleryRow
  >(
    `INSERT INTO galleries (tenant_id, kind, gallery_id, name, user_data, recognition_model, target_fpir, keep_photos,
                            purpose, lawful_basis, retention_days, consent_policy, two_person_rule, transform_key,
                            created_ms, modified_ms)
     VALUES (@tenantId, @kind, @galleryId, @name, @userData, @recognitionModel, @targetFpir, coalesce(@keepPhotos, 0),
             @purpose, @lawfulBasis, coalesce(@retentionDays, ${DEFAULT_RETENTION_DAYS}),
             coalesce(@consentPolicy, 'attested'), coalesce(@twoPersonRule, 0), @transformKey, @createdMs, @createdMs)
     ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
  );
  const find = db.prepare<[GalleryRef], GalleryRow>(`SELECT ${COLUMNS} FROM galleries WHERE ${WHERE_REF}`);
  const countKind = db
    .prepare<[string, string], number>(
      'SELECT count(*) FROM galleries WHERE tenant_id = ? AND kind = ? AND erasing = 0',
    )
    .pluck();
  const findHead = db.prepare<[GalleryRef], GalleryHead>(
    `SELECT gallery_no AS "galleryNo", persons, enrolments, consent_policy AS "consentPolicy",
            transform_key AS "transformKey"
     FROM galleries WHERE ${WHERE_REF}`,
  );
  const list = db.prepare<[string, string, string, number], GalleryRow>(
    `SELECT ${COLUMNS} FROM galleries
     WHERE tenant_id = ? AND kind = ? AND gallery_id > ? AND erasing = 0 ORDER BY gallery_id LIMIT ?`,
  );
  const update = db.prepare<[GalleryRef & SettingColumns & { nowMs: number }]>(
    `UPDATE galleries SET name = coalesce(@name, name), user_data = coalesce(@userData, user_data),
            target_fpir = coalesce(@targetFpir, target_fpir), keep_photos = coalesce(@keepPhotos, keep_photos),
            purpose = coalesce(@purpose, purpose), lawful_basis = coalesce(@lawfulBasis, lawful_basis),
            retention_days = coalesce(@retentionDays, retention_days),
            consent_policy = coalesce(@consentPolicy, consent_policy),
            two_person_rule = coalesce(@twoPersonRule, two_person_rule), modified_ms = @nowMs
     WHERE ${WHERE_REF}`,
  );
  const findUnasked = db.prepare<[number]>(
    `SELECT 1 FROM persons p WHERE p.gallery_no = ? AND p.suspended = 0
       AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.person_no = p.person_no)
       AND EXISTS (SELECT 1 FROM enrolments e WHERE e.person_no = p.person_no) LIMIT 1`,
  );
  const train = db.prepare<
    [GalleryRef & { status: string; actionMs: number | null; succeededMs: number | null; message: string | null }]
  >(
    `UPDATE galleries SET training_status = @status, training_last_action_ms = @actionMs,
            training_last_succeeded_ms = @succeededMs, training_message = @message
     WHERE ${WHERE_REF}`,
  );
  const keepTail = db.prepare<[GalleryRef & { tail: string }]>(`UPDATE galleries SET tail = @tail WHERE ${WHERE_REF}`);
  const count = db.prepare<[number, number, number]>(
    'UPDATE galleries SET persons = persons + ?, enrolments = enrolments + ? WHERE gallery_no = ?',
  );
  const tenantIds = db
    .prepare<[], string>('SELECT DISTINCT tenant_id FROM galleries WHERE erasing = 0 ORDER BY tenant_id')
    .pluck();
  const transformKeyOf = db
    .prepare<[number], Uint8Array | null>('SELECT transform_key FROM galleries WHERE gallery_no = ?')
    .pluck();
  const hide = db.prepare<[number]>(
    "UPDATE galleries SET erasing = 1, name = '', user_data = NULL WHERE gallery_no = ?",
  );
  const hideSnapshots = db
    .prepare<[number], string>(
      'UPDATE snapshots SET finished = -1 WHERE gallery_no = ? AND finished >= 0 RETURNING snapshot_id',
    )
    .pluck();
  const countErased = db.prepare<[{ galleryNo: number; withSnapshots: number }], ErasedCounts>(
    `SELECT g.persons, g.persons + (
         SELECT count(*) FROM persons WHERE merged_into IS NOT NULL AND gallery_no = g.gallery_no
       ) AS keys,
       g.enrolments + (
         SELECT count(*) FROM enrolments WHERE person_no IN (
           SELECT person_no FROM persons WHERE gallery_no = g.gallery_no AND suspended = 1)
       ) AS templates,
       (SELECT count(*) FROM enrolment_photos f WHERE f.gallery_no = g.gallery_no) + (
         SELECT count(sealed_photo) FROM reviews r WHERE r.state = 'open' AND r.gallery_no = g.gallery_no
       ) AS photos,
       (SELECT count(*) FROM consents c JOIN persons p USING (person_no) WHERE p.gallery_no = g.gallery_no) AS consents,
       (SELECT count(*) FROM snapshot_enrolments WHERE @withSnapshots = 1 AND snapshot_no IN (
           SELECT snapshot_no FROM snapshots s WHERE s.gallery_no = g.gallery_no AND s.finished >= 0)
       ) AS "snapshotTemplates"
     FROM galleries g WHERE g.gallery_no = @galleryNo`,
  );
  const firstErasing = db.prepare<[], { galleryNo: number }>(
    'SELECT gallery_no AS "galleryNo" FROM galleries WHERE erasing = 1 LIMIT 1',
  );
  const erasePersons = db.prepare<[number, number]>(
    `DELETE FROM persons WHERE person_no IN (
       SELECT person_no FROM persons INDEXED BY persons_by_gallery WHERE gallery_no = ? ORDER BY person_no LIMIT ?
     )`,
  );
  const eraseGallery = db.prepare<[number]>('DELETE FROM galleries WHERE gallery_no = ?');

  function getHead(ref: GalleryRef): GalleryHead {
    return findHead.get(keyOf(ref)) ?? missing(ref);
  }

  /** Or faces enrolled on somebody's word would be in a gallery that promises each person's own consent. */
  function requireNobodyUnasked(ref: GalleryRef): void {
    const { galleryNo, consentPolicy } = getHead(ref);
    if (consentPolicy === 'required' || findUnasked.get(galleryNo) === undefined) return;
    throw new KithError({
      kind: 'conflict',
      resource: 'gallery',
      message: 'People without a consent record are enrolled here. Record their consent, or erase them, first.',
    });
  }

  return {
    createGallery: db.transaction((gallery: NewGallery, maxGalleries?: number) => {
      if (maxGalleries !== undefined && (countKind.get(gallery.tenantId, gallery.kind) ?? 0) >= maxGalleries) {
        throw new KithError({
          kind: 'limit-exceeded',
          limit: 'galleries',
          max: maxGalleries,
          message: `There are at most ${maxGalleries} galleries of this kind.`,
        });
      }
      const row = insert.get({
        ...keyOf(gallery),
        ...settingColumns(gallery),
        recognitionModel: gallery.recognitionModel,
        transformKey: gallery.transformKey ?? null,
        createdMs: gallery.createdMs,
      });
      if (row !== undefined) return toGallery(row);
      throw new KithError({
        kind: 'already-exists',
        resource: 'gallery',
        id: gallery.galleryId,
        galleryKind: gallery.kind,
      });
    }).immediate,
    findGallery(ref) {
      const row = find.get(keyOf(ref));
      return row && toGallery(row);
    },
    getGallery(ref) {
      return toGallery(find.get(keyOf(ref)) ?? missing(ref));
    },
    listGalleries(tenantId, kind, page) {
      return list.all(tenantId, kind, page.after ?? '', page.limit).map(toGallery);
    },
    updateGallery: db.transaction((ref: GalleryRef, patch: GalleryPatch, nowMs: number) => {
      if (patch.consentPolicy === 'required') requireNobodyUnasked(ref);
      const { changes } = update.run({
        ...keyOf(ref),
        ...settingColumns(patch),
        nowMs,
      });
      if (changes === 0) missing(ref);
    }).immediate,
    setTraining(ref, training) {
      const { changes } = train.run({
        ...keyOf(ref),
        status: training.status,
        actionMs: training.lastActionMs ?? null,
        succeededMs: training.lastSucceededMs ?? null,
        message: training.message ?? null,
      });
      if (changes === 0) missing(ref);
    },
    setTail(ref, tail) {
      if (keepTail.run({ ...keyOf(ref), tail: JSON.stringify(tail) }).changes === 0) missing(ref);
    },
    deleteGallery: db.transaction((ref: GalleryRef, options?: { withSnapshots: boolean }) => {
      const { galleryNo } = getHead(ref);
      const counts = countErased.get({ galleryNo, withSnapshots: Number(options?.withSnapshots ?? false) });
      erasures.record('gallery', galleryNo);
      hide.run(galleryNo);
      changes.record('remove-gallery', galleryNo, 0);
      if (options?.withSnapshots) {
        for (const snapshotId of hideSnapshots.all(galleryNo)) {
          erasures.recordMark(erasureMark('snapshot', '', snapshotId));
        }
      }
      return counts as ErasedCounts;
    }).immediate,
    countGallery(ref) {
      const { persons, enrolments } = getHead(ref);
      return { persons, enrolments };
    },
    listTenantIds: () => tenantIds.all(),
    getHead,
    requireTransformKey(galleryNo, expected) {
      const key = transformKeyOf.get(galleryNo) ?? undefined;
      if (key === expected || (key && expected && Buffer.compare(key, expected) === 0)) return;
      throw new KithError({
        kind: 'conflict',
        resource: 'gallery',
        message: 'The key of the gallery was changed at that very moment; try again.',
      });
    },
    addToCounts(galleryNo, persons, enrolments) {
      count.run(persons, enrolments, galleryNo);
    },
    eraseSome: db.transaction((maxPersons: number) => {
      const gallery = firstErasing.get();
      if (gallery === undefined) return false;
      if (erasePersons.run(gallery.galleryNo, maxPersons).changes < maxPersons) eraseGallery.run(gallery.galleryNo);
      return true;
    }).immediate,
  };
}
