import { KithError } from '../../core/errors.ts';
import type { ModelSwitch, StagedTemplate } from '../../core/storage/model-upgrades.ts';
import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef } from '../../core/types.ts';
import type { ToUpgradeRow } from '../rows/model-upgrades.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';

export type ModelUpgrades = Pick<Store, 'findBoundPack' | 'enrolmentsToUpgrade' | 'stageTemplates' | 'switchModel'>;

const OF_GALLERY = 'FROM persons p JOIN enrolments e ON e.person_no = p.person_no WHERE p.gallery_no = @galleryNo';
const IS_STAGED =
  'EXISTS (SELECT 1 FROM staged_templates s WHERE s.enrolment_no = e.enrolment_no AND s.pack_id = @packId)';

export function modelUpgrades(
  db: Connection,
  galleries: Galleries,
  parts: { readonly changes: Changes; readonly erasures: Erasures },
): ModelUpgrades {
  const { changes, erasures } = parts;
  const boundPack = db.prepare<[{ galleryNo: number }], string>(`SELECT e.pack_id ${OF_GALLERY} LIMIT 1`).pluck();
  // Along the enrolments, which a page goes on through; the gallery is looked up for each
  const toUpgrade = db.prepare<
    [{ galleryNo: number; packId: string; afterEnrolmentNo: number; limit: number }],
    ToUpgradeRow
  >(
    `SELECT e.enrolment_no AS "enrolmentNo", e.enrolment_id AS "enrolmentId", p.person_id AS "personId",
            p.wrapped_key AS "wrappedKey", f.sealed AS "sealedPhoto"
     FROM enrolments e JOIN persons p ON p.person_no = e.person_no
     LEFT JOIN enrolment_photos f ON f.enrolment_no = e.enrolment_no
     WHERE e.enrolment_no > @afterEnrolmentNo AND p.gallery_no = @galleryNo AND NOT ${IS_STAGED}
     ORDER BY e.enrolment_no LIMIT @limit`,
  );
  const stage = db.prepare<[StagedTemplate & { galleryNo: number; packId: string }]>(
    `INSERT INTO staged_templates (enrolment_no, pack_id, sealed)
     SELECT e.enrolment_no, @packId, @sealedTemplate
     FROM enrolments e JOIN persons p ON p.person_no = e.person_no
     WHERE e.enrolment_no = @enrolmentNo AND p.gallery_no = @galleryNo AND p.wrapped_key = @wrappedKey`,
  );
  const drop = db.prepare<[{ galleryNo: number; packId: string; numbers: readonly number[] }]>(
    `DELETE FROM enrolments WHERE enrolment_no IN (
       SELECT e.enrolment_no ${OF_GALLERY} AND NOT ${IS_STAGED} AND e.enrolment_no = ANY (@numbers::bigint[])
     )`,
  );
  const toDrop = db
    .prepare<[{ galleryNo: number; packId: string; numbers: readonly number[] }], string>(
      `SELECT e.enrolment_id ${OF_GALLERY} AND NOT ${IS_STAGED} AND e.enrolment_no = ANY (@numbers::bigint[])`,
    )
    .pluck();
  // Faces of suspended persons are not among those the gallery counts
  const countDropped = db
    .prepare<[{ galleryNo: number; packId: string; numbers: readonly number[] }], number>(
      `SELECT count(*) ${OF_GALLERY} AND NOT ${IS_STAGED} AND p.suspended = 0
         AND e.enrolment_no = ANY (@numbers::bigint[])`,
    )
    .pluck();
  const countOthers = db
    .prepare<[{ galleryNo: number; packId: string }], number>(`SELECT count(*) ${OF_GALLERY} AND NOT ${IS_STAGED}`)
    .pluck();
  const ofGallery = `SELECT e.enrolment_no ${OF_GALLERY}`;
  const replace = db.prepare<[{ galleryNo: number }]>(
    `UPDATE templates SET sealed = (SELECT s.sealed FROM staged_templates s WHERE s.enrolment_no = templates.enrolment_no)
     WHERE enrolment_no IN (${ofGallery})`,
  );
  const rename = db.prepare<[{ galleryNo: number; packId: string }]>(
    `UPDATE enrolments SET pack_id = @packId WHERE enrolment_no IN (${ofGallery})`,
  );
  const announce = db.prepare<[{ galleryNo: number }]>(
    `INSERT INTO changes (op, gallery_no, enrolment_no) SELECT 'add', @galleryNo, e.enrolment_no ${OF_GALLERY}`,
  );
  const unstage = db.prepare<[{ galleryNo: number }]>(
    `DELETE FROM staged_templates WHERE enrolment_no IN (${ofGallery})`,
  );
  const change = db.prepare<[{ galleryNo: number; packId: string; recognitionModel: string; nowMs: number }]>(
    `UPDATE galleries SET recognition_model = @recognitionModel, pack_id = @packId, templates_changed_ms = @nowMs,
            modified_ms = @nowMs, tail = NULL WHERE gallery_no = @galleryNo`,
  );

  return {
    findBoundPack: async (ref) => await boundPack.get({ galleryNo: (await galleries.getHead(ref)).galleryNo }),
    async enrolmentsToUpgrade(ref, packId, page) {
      const { galleryNo } = await galleries.getHead(ref);
      return (await toUpgrade.all({ galleryNo, packId, ...page })).map(({ sealedPhoto, ...row }) => ({
        ...row,
        ...(sealedPhoto !== null && { sealedPhoto }),
      }));
    },
    stageTemplates: async (
      ref: GalleryRef,
      { packId, transformKey }: { packId: string; transformKey: Uint8Array | undefined },
      templates: readonly StagedTemplate[],
    ) => {
      const { galleryNo } = await galleries.getHead(ref);
      await galleries.requireTransformKey(galleryNo, transformKey);
      for (const template of templates) await stage.run({ ...template, galleryNo, packId });
    },
    switchModel: async (ref: GalleryRef, to: ModelSwitch) => {
      const { galleryNo } = await galleries.getHead(ref);
      const { recognitionModel, packId, nowMs } = to;
      const numbers = to.dropEnrolmentNos;
      const counted = (await countDropped.get({ galleryNo, packId, numbers })) ?? 0;
      for (const enrolmentId of await toDrop.all({ galleryNo, packId, numbers })) {
        await erasures.record('enrolment', galleryNo, enrolmentId);
      }
      const { changes: dropped } = await drop.run({ galleryNo, packId, numbers });
      const others = (await countOthers.get({ galleryNo, packId })) ?? 0;
      if (others > 0) {
        throw new KithError({
          kind: 'conflict',
          resource: 'gallery',
          message: `${others} of the gallery's enrolments have no template of "${packId}" yet.`,
        });
      }
      await galleries.addToCounts(galleryNo, 0, -counted);
      const { changes: upgraded } = await replace.run({ galleryNo });
      await rename.run({ galleryNo, packId });
      await unstage.run({ galleryNo });
      await change.run({ galleryNo, packId, recognitionModel, nowMs });
      // Templates of two packs never lie in one index, not even for the moment of a switch
      await changes.record('remove-gallery', galleryNo, 0);
      await announce.run({ galleryNo });
      return { upgraded, dropped };
    },
  };
}
