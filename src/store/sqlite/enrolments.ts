import type { Database } from 'better-sqlite3';
import { KithError } from '../../core/errors.ts';
import type { NewEnrolment, SealedPhoto } from '../../core/storage/enrolments.ts';
import type { NewPerson } from '../../core/storage/persons.ts';
import type { Enrolment, GalleryRef } from '../../core/types.ts';
import { type QualityColumns, qualityFromColumns, qualityToColumns } from '../quality-columns.ts';
import { modelChanged, type NewEnrolmentColumns, stored } from '../rows/enrolments.ts';
import { tooManyPersons } from '../rows/persons.ts';
import type { Changes } from './changes.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

export type Enrolments = Pick<
  SyncStore,
  | 'addEnrolment'
  | 'importPersons'
  | 'getEnrolment'
  | 'listEnrolments'
  | 'findEnrolmentBySource'
  | 'updateEnrolment'
  | 'deleteEnrolment'
  | 'findEnrolmentPhoto'
  | 'sweepEnrolmentPhotos'
>;

interface EnrolmentRow extends QualityColumns {
  readonly enrolmentNo: number;
  readonly enrolmentId: string;
  readonly userData: string | null;
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sourceHash: string | null;
  readonly hasPhoto: number;
  readonly createdMs: number;
}

const COLUMNS = `enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId", user_data AS "userData", left_px AS "leftPx",
  top_px AS "topPx", width_px AS "widthPx", height_px AS "heightPx", quality_level AS "qualityLevel",
  quality_reasons AS "qualityReasons", source_hash AS "sourceHash", created_ms AS "createdMs",
  EXISTS (SELECT 1 FROM enrolment_photos p WHERE p.enrolment_no = enrolments.enrolment_no) AS "hasPhoto"`;

export function enrolments(
  db: Database,
  parts: {
    readonly galleries: Galleries;
    readonly persons: Persons;
    readonly changes: Changes;
    readonly consents: ConsentRows;
    readonly erasures: Erasures;
  },
): Enrolments {
  const { galleries, persons, changes, consents, erasures } = parts;
  // By position: an import calls it for every row, and names would cost it a quarter of its speed
  const insert = db.prepare<NewEnrolmentColumns>(
    `INSERT INTO enrolments (person_no, enrolment_id, user_data, left_px, top_px, width_px, height_px,
                             quality_level, quality_reasons, source_hash, pack_id, created_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const insertTemplate = db.prepare<[number, Uint8Array]>('INSERT INTO templates (enrolment_no, sealed) VALUES (?, ?)');
  const insertPhoto = db.prepare<[number, number, Uint8Array]>(
    'INSERT INTO enrolment_photos (enrolment_no, gallery_no, sealed) VALUES (?, ?, ?)',
  );
  const boundPack = db.prepare<[number], string | null>('SELECT pack_id FROM galleries WHERE gallery_no = ?').pluck();
  const findPhoto = db.prepare<[number], SealedPhoto>(
    `SELECT p.wrapped_key AS "wrappedKey", f.sealed AS "sealedPhoto"
     FROM enrolment_photos f JOIN enrolments e USING (enrolment_no) JOIN persons p USING (person_no)
     WHERE f.enrolment_no = ? AND f.gallery_no IN (SELECT gallery_no FROM galleries WHERE keep_photos = 1)`,
  );
  const sweepPhotos = db.prepare<[number]>(
    `DELETE FROM enrolment_photos WHERE enrolment_no IN (
       SELECT enrolment_no FROM enrolment_photos
       WHERE gallery_no IN (SELECT gallery_no FROM galleries WHERE keep_photos = 0) LIMIT ?
     )`,
  );
  // At most MAX_ENROLMENTS_PER_PERSON index entries
  const countOf = db.prepare<[number], number>('SELECT count(*) FROM enrolments WHERE person_no = ?').pluck();
  const find = db.prepare<[number, string], EnrolmentRow>(
    `SELECT ${COLUMNS} FROM enrolments WHERE person_no = ? AND enrolment_id = ?`,
  );
  const list = db.prepare<[number], EnrolmentRow>(
    `SELECT ${COLUMNS} FROM enrolments WHERE person_no = ? ORDER BY enrolment_no`,
  );
  const findBySource = db.prepare<[number, string], EnrolmentRow>(
    `SELECT ${COLUMNS} FROM enrolments WHERE person_no = ? AND source_hash = ? ORDER BY enrolment_no LIMIT 1`,
  );
  const update = db.prepare<[string, number]>('UPDATE enrolments SET user_data = ? WHERE enrolment_no = ?');
  const countCopies = db
    .prepare<[number], number>('SELECT count(*) FROM snapshot_enrolments WHERE enrolment_no = ?')
    .pluck();
  const noteUse = db.prepare<[number, number]>(
    'UPDATE persons SET last_used_ms = max(?, coalesce(last_used_ms, created_ms)) WHERE person_no = ?',
  );
  const remove = db.prepare<[number]>('DELETE FROM enrolments WHERE enrolment_no = ?');

  function insertEnrolment(ref: GalleryRef, galleryNo: number, personNo: number, enrolment: NewEnrolment): number {
    const { box } = enrolment;
    const packId = boundPack.get(galleryNo) ?? enrolment.packId;
    if (packId !== enrolment.packId) throw modelChanged();
    galleries.requireTransformKey(galleryNo, enrolment.transformKey);
    const { qualityLevel, qualityReasons } = qualityToColumns(enrolment.quality);
    const { changes: inserted, lastInsertRowid } = insert.run(
      personNo,
      enrolment.enrolmentId,
      enrolment.userData ?? null,
      box.leftPx,
      box.topPx,
      box.widthPx,
      box.heightPx,
      qualityLevel,
      qualityReasons,
      enrolment.sourceHash ?? null,
      enrolment.packId,
      enrolment.createdMs,
    );
    if (inserted === 0) {
      throw new KithError({
        kind: 'already-exists',
        resource: 'enrolment',
        id: enrolment.enrolmentId,
        galleryKind: ref.kind,
      });
    }
    const enrolmentNo = Number(lastInsertRowid);
    insertTemplate.run(enrolmentNo, enrolment.sealedTemplate);
    if (enrolment.sealedPhoto) insertPhoto.run(enrolmentNo, galleryNo, enrolment.sealedPhoto);
    changes.record('add', galleryNo, enrolmentNo);
    return enrolmentNo;
  }

  function getRow(ref: GalleryRef, personId: string, enrolmentId: string) {
    const { galleryNo, personNo, isSuspended } = persons.getPersonNo(ref, personId);
    const row = find.get(personNo, enrolmentId);
    if (row !== undefined) return { galleryNo, row, isSuspended };
    throw new KithError({ kind: 'not-found', resource: 'enrolment', id: enrolmentId, galleryKind: ref.kind });
  }

  return {
    addEnrolment: db.transaction(
      (ref: GalleryRef, personId: string, enrolment: NewEnrolment, maxEnrolments: number) => {
        const { galleryNo, personNo, consentPolicy } = persons.getPersonNo(ref, personId);
        consents.require({ personNo, consentPolicy }, enrolment.createdMs);
        if ((countOf.get(personNo) ?? 0) >= maxEnrolments) {
          throw new KithError({
            kind: 'limit-exceeded',
            limit: 'enrolments',
            max: maxEnrolments,
            message: `The person already has ${maxEnrolments} enrolments.`,
          });
        }
        const enrolmentNo = insertEnrolment(ref, galleryNo, personNo, enrolment);
        galleries.addToCounts(galleryNo, 0, 1);
        noteUse.run(enrolment.createdMs, personNo);
        return stored(enrolment, personId, enrolmentNo);
      },
    ).immediate,
    importPersons: db.transaction(
      (
        ref: GalleryRef,
        batch: readonly { readonly person: NewPerson; readonly enrolments: readonly NewEnrolment[] }[],
        maxPersons = Number.POSITIVE_INFINITY,
      ) => {
        const { galleryNo, persons: before, consentPolicy } = galleries.getHead(ref);
        if (before + batch.length > maxPersons) throw tooManyPersons(maxPersons);
        let enrolmentCount = 0;
        const imported = batch.map((entry) => {
          const { personNo } = persons.insertPerson(ref, galleryNo, entry.person);
          enrolmentCount += entry.enrolments.length;
          const isAsked = consentPolicy === 'required' || entry.person.consent !== undefined;
          if (isAsked && entry.enrolments.length > 0) consents.require({ personNo, consentPolicy });
          // Numbers only: to answer with whole persons would be a sixth of the work of an import
          return {
            personNo,
            enrolmentNos: entry.enrolments.map((enrolment) => insertEnrolment(ref, galleryNo, personNo, enrolment)),
          };
        });
        galleries.addToCounts(galleryNo, batch.length, enrolmentCount);
        return imported;
      },
    ).immediate,
    getEnrolment(ref, personId, enrolmentId) {
      return toEnrolment(getRow(ref, personId, enrolmentId).row, personId);
    },
    listEnrolments(ref, personId) {
      return list.all(persons.getPersonNo(ref, personId).personNo).map((row) => toEnrolment(row, personId));
    },
    findEnrolmentBySource(ref, personId, sourceHash) {
      const row = findBySource.get(persons.getPersonNo(ref, personId).personNo, sourceHash);
      return row && toEnrolment(row, personId);
    },
    updateEnrolment: db.transaction(
      (ref: GalleryRef, personId: string, enrolmentId: string, patch: { userData: string }) => {
        update.run(patch.userData, getRow(ref, personId, enrolmentId).row.enrolmentNo);
      },
    ).immediate,
    deleteEnrolment: db.transaction((ref: GalleryRef, personId: string, enrolmentId: string) => {
      const { galleryNo, row, isSuspended } = getRow(ref, personId, enrolmentId);
      const snapshotTemplates = countCopies.get(row.enrolmentNo) ?? 0;
      erasures.record('enrolment', galleryNo, enrolmentId);
      remove.run(row.enrolmentNo);
      if (!isSuspended) galleries.addToCounts(galleryNo, 0, -1);
      changes.record('remove', galleryNo, row.enrolmentNo);
      return { persons: 0, keys: 0, templates: 1, photos: row.hasPhoto, consents: 0, snapshotTemplates };
    }).immediate,
    findEnrolmentPhoto: (ref, personId, enrolmentId) =>
      findPhoto.get(getRow(ref, personId, enrolmentId).row.enrolmentNo),
    sweepEnrolmentPhotos: (limit) => sweepPhotos.run(limit).changes,
  };
}

function toEnrolment(row: EnrolmentRow, personId: string): Enrolment {
  return {
    enrolmentId: row.enrolmentId,
    enrolmentNo: row.enrolmentNo,
    personId,
    ...(row.userData !== null && { userData: row.userData }),
    box: { leftPx: row.leftPx, topPx: row.topPx, widthPx: row.widthPx, heightPx: row.heightPx },
    quality: qualityFromColumns(row),
    ...(row.sourceHash !== null && { sourceHash: row.sourceHash }),
    hasPhoto: row.hasPhoto === 1,
    createdMs: row.createdMs,
  };
}
