import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { Page } from '../../core/storage/page.ts';
import type { GalleryRef } from '../../core/types.ts';
import {
  COLUMNS,
  CONSENT,
  type CopiedPerson,
  ENROLMENT_COLUMNS,
  ERASING,
  missing,
  type NewSnapshotRow,
  type RestoredGallery,
  type SnapshotRow,
  TERMS,
  toSnapshot,
} from '../rows/snapshots.ts';
import type { Changes } from './changes.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { Galleries } from './galleries.ts';
import type { SyncStore } from './sync-store.ts';

export interface Snapshots
  extends Pick<
    SyncStore,
    | 'beginSnapshot'
    | 'copyToSnapshot'
    | 'finishSnapshot'
    | 'getSnapshot'
    | 'listSnapshots'
    | 'listSnapshotsOfPerson'
    | 'updateSnapshot'
    | 'deleteSnapshot'
    | 'sweepSnapshots'
    | 'createGalleryFromSnapshot'
    | 'copyFromSnapshot'
  > {
  /** Removes at most `maxPersons` of a deleted snapshot; false when none is left. */
  eraseSome(maxPersons: number): boolean;
}

export function snapshots(
  db: Database,
  parts: { readonly galleries: Galleries; readonly changes: Changes; readonly consents: ConsentRows },
): Snapshots {
  const { galleries, changes, consents } = parts;
  const begin = db.prepare<[NewSnapshotRow]>(
    `INSERT INTO snapshots (gallery_no, tenant_id, snapshot_id, kind, name, gallery_user_data, recognition_model, target_fpir,
                            ${TERMS}, transform_key, trained_ms, apply_scope, user_data, created_ms, modified_ms)
     SELECT gallery_no, tenant_id, @snapshotId, kind, name, user_data, recognition_model, target_fpir,
            ${TERMS}, transform_key, training_last_succeeded_ms, @applyScope, @userData, @createdMs, @createdMs
     FROM galleries WHERE gallery_no = @galleryNo`,
  );
  const find = db.prepare<[string, string], SnapshotRow>(
    `SELECT ${COLUMNS} FROM snapshots WHERE tenant_id = ? AND snapshot_id = ? AND finished = 1`,
  );
  const findNo = db
    .prepare<[string, string], number>(
      'SELECT snapshot_no FROM snapshots WHERE tenant_id = ? AND snapshot_id = ? AND finished >= 0',
    )
    .pluck();
  const list = db.prepare<[string], SnapshotRow>(
    `SELECT ${COLUMNS} FROM snapshots WHERE tenant_id = ? AND finished = 1 ORDER BY snapshot_id`,
  );
  const listOfPerson = db
    .prepare<[number, string], string>(
      `SELECT s.snapshot_id FROM snapshots s JOIN snapshot_persons p USING (snapshot_no)
       WHERE p.person_no = (SELECT person_no FROM persons WHERE gallery_no = ? AND person_id = ?) AND s.finished = 1
       ORDER BY s.snapshot_id`,
    )
    .pluck();
  const finish = db.prepare<[number]>('UPDATE snapshots SET finished = 1 WHERE snapshot_no = ?');
  const update = db.prepare<[string | null, string | null, number, number]>(
    `UPDATE snapshots SET apply_scope = coalesce(?, apply_scope), user_data = coalesce(?, user_data), modified_ms = ?
     WHERE snapshot_no = ?`,
  );
  const hide = db.prepare<[string, string]>(
    `UPDATE snapshots SET finished = ${ERASING} WHERE tenant_id = ? AND snapshot_id = ? AND finished >= 0`,
  );
  const hideOld = db.prepare<[number]>(
    `UPDATE snapshots SET finished = ${ERASING} WHERE created_ms < ? AND finished >= 0`,
  );
  const firstErasing = db
    .prepare<[], number>(`SELECT snapshot_no FROM snapshots WHERE finished = ${ERASING} LIMIT 1`)
    .pluck();
  const eraseEnrolments = db.prepare<[number, number]>(
    'DELETE FROM snapshot_enrolments WHERE snapshot_no = ? AND person_no = ?',
  );
  const erasePerson = db.prepare<[number, string]>(
    'DELETE FROM snapshot_persons WHERE snapshot_no = ? AND person_id = ?',
  );
  const eraseSnapshot = db.prepare<[number]>('DELETE FROM snapshots WHERE snapshot_no = ?');

  const personsToCopy = db.prepare<[number, string, number], CopiedPerson>(
    `SELECT person_no AS "personNo", person_id AS "personId" FROM persons
     WHERE gallery_no = ? AND person_id > ? AND merged_into IS NULL ORDER BY person_id LIMIT ?`,
  );
  const keepPerson = db.prepare<[number, number]>(
    `INSERT INTO snapshot_persons (snapshot_no, person_no, person_id, name, user_data, wrapped_key, created_ms)
     SELECT ?, person_no, person_id, name, user_data, wrapped_key, created_ms FROM persons WHERE person_no = ?`,
  );
  const keepEnrolments = db.prepare<[number, number]>(
    `INSERT INTO snapshot_enrolments (snapshot_no, person_no, enrolment_no, ${ENROLMENT_COLUMNS}, sealed)
     SELECT ?, person_no, e.enrolment_no, ${ENROLMENT_COLUMNS}, t.sealed
     FROM enrolments e CROSS JOIN templates t ON t.enrolment_no = e.enrolment_no
     WHERE person_no = ? AND (SELECT suspended FROM persons p WHERE p.person_no = e.person_no) = 0`,
  );
  const keepConsent = db.prepare<[number, number]>(
    `INSERT INTO snapshot_consents (snapshot_no, person_no, ${CONSENT})
     SELECT ?, person_no, ${CONSENT} FROM consents WHERE person_no = ?`,
  );

  const makeGallery = db.prepare<[GalleryRef & { snapshotNo: number; nowMs: number }]>(
    `INSERT INTO galleries (tenant_id, kind, gallery_id, name, user_data, recognition_model, target_fpir,
                            ${TERMS}, transform_key, training_status, training_last_action_ms, created_ms, modified_ms)
     SELECT @tenantId, @kind, @galleryId, name, gallery_user_data, recognition_model, target_fpir,
            ${TERMS}, transform_key, 'running', @nowMs, @nowMs, @nowMs
     FROM snapshots WHERE snapshot_no = @snapshotNo
     ON CONFLICT DO NOTHING`,
  );
  const personsToRestore = db.prepare<[number, string, number], CopiedPerson>(
    `SELECT person_no AS "personNo", person_id AS "personId" FROM snapshot_persons
     WHERE snapshot_no = ? AND person_id > ? ORDER BY person_id LIMIT ?`,
  );
  const restorePerson = db
    .prepare<[number, number, string], number>(
      `INSERT INTO persons (gallery_no, last_used_ms, person_id, name, user_data, wrapped_key, created_ms, modified_ms)
       SELECT g.gallery_no, g.created_ms, person_id, s.name, s.user_data, wrapped_key, s.created_ms, s.created_ms
       FROM snapshot_persons s JOIN galleries g ON g.gallery_no = ?
       WHERE snapshot_no = ? AND person_id = ? RETURNING person_no`,
    )
    .pluck();
  const enrolmentsOf = db
    .prepare<[number, number], number>(
      'SELECT enrolment_no FROM snapshot_enrolments WHERE snapshot_no = ? AND person_no = ? ORDER BY enrolment_no',
    )
    .pluck();
  const restoreEnrolment = db
    .prepare<[number, number, number, number], number>(
      `INSERT INTO enrolments (person_no, ${ENROLMENT_COLUMNS})
       SELECT ?, ${ENROLMENT_COLUMNS} FROM snapshot_enrolments
       WHERE snapshot_no = ? AND person_no = ? AND enrolment_no = ? RETURNING enrolment_no`,
    )
    .pluck();
  const restoreTemplate = db.prepare<[number, number, number, number]>(
    `INSERT INTO templates (enrolment_no, sealed) SELECT ?, sealed FROM snapshot_enrolments
     WHERE snapshot_no = ? AND person_no = ? AND enrolment_no = ?`,
  );
  const restoreConsent = db.prepare<[number, number, number]>(
    `INSERT INTO consents (person_no, ${CONSENT})
     SELECT ?, ${CONSENT} FROM snapshot_consents WHERE snapshot_no = ? AND person_no = ?`,
  );
  const finishTraining = db.prepare<[number, number]>(
    `UPDATE galleries SET (training_status, training_last_succeeded_ms) =
       (SELECT iif(trained_ms IS NULL, 'never', 'succeeded'), trained_ms FROM snapshots WHERE snapshot_no = ?)
     WHERE gallery_no = ?`,
  );

  function getNo(tenantId: string, snapshotId: string): number {
    return findNo.get(tenantId, snapshotId) ?? missing(snapshotId);
  }
  function getRow(tenantId: string, snapshotId: string): SnapshotRow {
    return find.get(tenantId, snapshotId) ?? missing(snapshotId);
  }
  function restore(snapshotNo: number, to: RestoredGallery, original: CopiedPerson): number {
    const { galleryNo } = to;
    const personNo = restorePerson.get(galleryNo, snapshotNo, original.personId) as number;
    restoreConsent.run(personNo, snapshotNo, original.personNo);
    if (!consents.holds({ personNo, consentPolicy: to.consentPolicy }, to.createdMs)) return 0;
    const originals = enrolmentsOf.all(snapshotNo, original.personNo);
    for (const enrolmentNo of originals) {
      const restored = restoreEnrolment.get(personNo, snapshotNo, original.personNo, enrolmentNo) as number;
      restoreTemplate.run(restored, snapshotNo, original.personNo, enrolmentNo);
      changes.record('add', galleryNo, restored);
    }
    return originals.length;
  }

  return {
    beginSnapshot(of, snapshot) {
      const { galleryNo } = galleries.getHead(of);
      const { snapshotId, applyScope, userData, createdMs } = snapshot;
      const members = { applyScope: JSON.stringify(applyScope), userData: userData ?? null };
      begin.run({ galleryNo, snapshotId, createdMs, ...members });
    },
    copyToSnapshot: db.transaction((of: GalleryRef, snapshotId: string, page: Page) => {
      const snapshotNo = getNo(of.tenantId, snapshotId);
      const persons = personsToCopy.all(galleries.getHead(of).galleryNo, page.after ?? '', page.limit);
      for (const { personNo } of persons) {
        keepPerson.run(snapshotNo, personNo);
        keepEnrolments.run(snapshotNo, personNo);
        keepConsent.run(snapshotNo, personNo);
      }
      return persons.length < page.limit ? undefined : persons.at(-1)?.personId;
    }).immediate,
    finishSnapshot(tenantId, snapshotId) {
      finish.run(getNo(tenantId, snapshotId));
    },
    getSnapshot(tenantId, snapshotId) {
      return toSnapshot(getRow(tenantId, snapshotId));
    },
    listSnapshotsOfPerson(of, personId) {
      return listOfPerson.all(galleries.getHead(of).galleryNo, personId);
    },
    listSnapshots(tenantId) {
      return list.all(tenantId).map(toSnapshot);
    },
    updateSnapshot: db.transaction(
      (
        tenantId: string,
        snapshotId: string,
        patch: { readonly applyScope?: readonly string[]; readonly userData?: string },
        nowMs: number,
      ) => {
        const scope = patch.applyScope ? JSON.stringify(patch.applyScope) : null;
        update.run(scope, patch.userData ?? null, nowMs, getRow(tenantId, snapshotId).snapshotNo);
      },
    ).immediate,
    deleteSnapshot(tenantId, snapshotId) {
      if (hide.run(tenantId, snapshotId).changes === 0) missing(snapshotId);
    },
    sweepSnapshots(beforeMs) {
      return hideOld.run(beforeMs).changes;
    },
    createGalleryFromSnapshot: db.transaction((snapshotId: string, ref: GalleryRef, nowMs: number) => {
      const { tenantId, kind, galleryId } = ref;
      const { snapshotNo } = getRow(tenantId, snapshotId);
      const { changes: made } = makeGallery.run({ tenantId, kind, galleryId, snapshotNo, nowMs });
      if (made === 0)
        throw new KithError({ kind: 'already-exists', resource: 'gallery', id: galleryId, galleryKind: kind });
    }).immediate,
    copyFromSnapshot: db.transaction((snapshotId: string, to: GalleryRef, page: Page) => {
      const { snapshotNo } = getRow(to.tenantId, snapshotId);
      const gallery = galleries.getGallery(to);
      const persons = personsToRestore.all(snapshotNo, page.after ?? '', page.limit);
      let enrolments = 0;
      for (const original of persons) enrolments += restore(snapshotNo, gallery, original);
      galleries.addToCounts(gallery.galleryNo, persons.length, enrolments);
      if (persons.length === page.limit) return persons.at(-1)?.personId;
      finishTraining.run(snapshotNo, gallery.galleryNo);
      return undefined;
    }).immediate,
    eraseSome: db.transaction((maxPersons: number) => {
      const snapshotNo = firstErasing.get();
      if (snapshotNo === undefined) return false;
      const persons = personsToRestore.all(snapshotNo, '', maxPersons);
      for (const { personNo, personId } of persons) {
        eraseEnrolments.run(snapshotNo, personNo);
        erasePerson.run(snapshotNo, personId);
      }
      if (persons.length < maxPersons) eraseSnapshot.run(snapshotNo);
      return true;
    }).immediate,
  };
}
