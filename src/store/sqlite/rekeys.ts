import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { StagedTemplate } from '../../core/storage/model-upgrades.ts';
import type { TemplateToRekey } from '../../core/storage/rekeys.ts';
import type { GalleryRef } from '../../core/types.ts';
import type { Changes } from './changes.ts';
import type { Galleries } from './galleries.ts';
import type { SyncStore } from './sync-store.ts';

export type Rekeys = Pick<SyncStore, 'beginRekey' | 'templatesToRekey' | 'stageRekeyed' | 'finishRekey'>;

/** In place of the pack that other staged templates are of. */
const MARK = ':rekey';
const OF_GALLERY = 'FROM persons p CROSS JOIN enrolments e ON e.person_no = p.person_no WHERE p.gallery_no = ?';
const IS_STAGED = `EXISTS (SELECT 1 FROM staged_templates s WHERE s.enrolment_no = e.enrolment_no AND s.pack_id = '${MARK}')`;

export function rekeys(db: Database, galleries: Galleries, { changes }: { readonly changes: Changes }): Rekeys {
  const begin = db
    .prepare<[Uint8Array, number], Uint8Array>(
      `UPDATE galleries SET next_transform_key = coalesce(next_transform_key, ?) WHERE gallery_no = ?
       RETURNING next_transform_key`,
    )
    .pluck();
  const toRekey = db.prepare<[number, number, number], TemplateToRekey>(
    `SELECT e.enrolment_no AS "enrolmentNo", p.wrapped_key AS "wrappedKey", t.sealed AS "sealedTemplate"
     FROM enrolments e CROSS JOIN persons p ON p.person_no = e.person_no
     CROSS JOIN templates t ON t.enrolment_no = e.enrolment_no
     WHERE e.enrolment_no > ? AND p.gallery_no = ? AND NOT ${IS_STAGED} ORDER BY e.enrolment_no LIMIT ?`,
  );
  const stage = db.prepare<[StagedTemplate & { galleryNo: number }]>(
    `INSERT OR REPLACE INTO staged_templates (enrolment_no, pack_id, sealed)
     SELECT e.enrolment_no, '${MARK}', @sealedTemplate
     FROM enrolments e CROSS JOIN persons p ON p.person_no = e.person_no
     WHERE e.enrolment_no = @enrolmentNo AND p.gallery_no = @galleryNo AND p.wrapped_key = @wrappedKey`,
  );
  const countOthers = db.prepare<[number], number>(`SELECT count(*) ${OF_GALLERY} AND NOT ${IS_STAGED}`).pluck();
  const replace = db.prepare<[number]>(
    `UPDATE templates SET sealed = (SELECT s.sealed FROM staged_templates s WHERE s.enrolment_no = templates.enrolment_no)
     WHERE enrolment_no IN (SELECT e.enrolment_no ${OF_GALLERY})`,
  );
  const unstage = db.prepare<[number]>(
    `DELETE FROM staged_templates WHERE enrolment_no IN (SELECT e.enrolment_no ${OF_GALLERY})`,
  );
  const change = db.prepare<[number, number]>(
    `UPDATE galleries SET transform_key = next_transform_key, next_transform_key = NULL, templates_changed_ms = ?
     WHERE gallery_no = ? AND next_transform_key IS NOT NULL`,
  );
  const announce = db.prepare<[number]>(
    `INSERT INTO changes (op, gallery_no, enrolment_no) SELECT 'add', p.gallery_no, e.enrolment_no ${OF_GALLERY}`,
  );

  return {
    beginRekey: (ref, newTransformKey) => begin.get(newTransformKey, galleries.getHead(ref).galleryNo) as Uint8Array,
    templatesToRekey: (ref, { afterEnrolmentNo, limit }) =>
      toRekey.all(afterEnrolmentNo, galleries.getHead(ref).galleryNo, limit),
    stageRekeyed: db.transaction(
      (ref: GalleryRef, turnedFrom: Uint8Array | undefined, templates: readonly StagedTemplate[]) => {
        const { galleryNo } = galleries.getHead(ref);
        galleries.requireTransformKey(galleryNo, turnedFrom);
        for (const template of templates) stage.run({ ...template, galleryNo });
      },
    ).immediate,
    finishRekey: db.transaction((ref: GalleryRef, nowMs: number) => {
      const { galleryNo } = galleries.getHead(ref);
      const others = countOthers.get(galleryNo) ?? 0;
      if (others > 0) {
        const message = `${others} templates of the gallery have not been turned with the new key yet.`;
        throw new KithError({ kind: 'conflict', resource: 'gallery', message });
      }
      if (change.run(nowMs, galleryNo).changes === 0) {
        throw new KithError({
          kind: 'conflict',
          resource: 'gallery',
          message: 'No rekey of this gallery is under way.',
        });
      }
      const { changes: templates } = replace.run(galleryNo);
      unstage.run(galleryNo);
      // Templates turned with two keys never lie in one index, not even for the moment of a switch
      changes.record('remove-gallery', galleryNo, 0);
      announce.run(galleryNo);
      return { templates };
    }).immediate,
  };
}
