import { KithError } from '../../core/errors.ts';
import type { NewEnrolment, SealedPhoto } from '../../core/storage/enrolments.ts';
import type { NewPerson } from '../../core/storage/persons.ts';
import type { Store } from '../../core/storage/store.ts';
import type { Enrolment, GalleryRef } from '../../core/types.ts';
import { type QualityColumns, qualityFromColumns, qualityToColumns } from '../quality-columns.ts';
import { modelChanged, type NewEnrolmentColumns, stored } from '../rows/enrolments.ts';
import { tooManyPersons } from '../rows/persons.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export type Enrolments = Pick<
  Store,
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
  readonly hasPhoto: boolean;
  readonly createdMs: number;
}

const COLUMNS = `enrolment_no AS "enrolmentNo", enrolment_id AS "enrolmentId", user_data AS "userData", left_px AS "leftPx",
  top_px AS "topPx", width_px AS "widthPx", height_px AS "heightPx", quality_level AS "qualityLevel",
  quality_reasons AS "qualityReasons", source_hash AS "sourceHash", created_ms AS "createdMs",
  EXISTS (SELECT FROM enrolment_photos p WHERE p.enrolment_no = enrolments.enrolment_no) AS "hasPhoto"`;

export function enrolments(
  db: Connection,
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
  const insert = db
    .prepare<NewEnrolmentColumns, number>(
      `INSERT INTO enrolments (person_no, enrolment_id, user_data, left_px, top_px, width_px, height_px,
                             quality_level, quality_reasons, source_hash, pack_id, created_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING RETURNING enrolment_no`,
    )
    .pluck();
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
    'UPDATE persons SET last_used_ms = greatest(?, coalesce(last_used_ms, created_ms)) WHERE person_no = ?',
  );
  const remove = db.prepare<[number]>('DELETE FROM enrolments WHERE enrolment_no = ?');

  async function insertEnrolment(
    ref: GalleryRef,
    galleryNo: number,
    personNo: number,
    enrolment: NewEnrolment,
  ): Promise<number> {
    const { box } = enrolment;
    const packId = (await boundPack.get(galleryNo)) ?? enrolment.packId;
    if (packId !== enrolment.packId) throw modelChanged();
    await galleries.requireTransformKey(galleryNo, enrolment.transformKey);
    const { qualityLevel, qualityReasons } = qualityToColumns(enrolment.quality);
    const enrolmentNo = await insert.get(
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
    if (enrolmentNo === undefined) {
      throw new KithError({
        kind: 'already-exists',
        resource: 'enrolment',
        id: enrolment.enrolmentId,
        galleryKind: ref.kind,
      });
    }
    await insertTemplate.run(enrolmentNo, enrolment.sealedTemplate);
    if (enrolment.sealedPhoto) await insertPhoto.run(enrolmentNo, galleryNo, enrolment.sealedPhoto);
    await changes.record('add', galleryNo, enrolmentNo);
    return enrolmentNo;
  }

  async function getRow(ref: GalleryRef, personId: string, enrolmentId: string) {
    const { galleryNo, personNo, isSuspended } = await persons.getPersonNo(ref, personId);
    const row = await find.get(personNo, enrolmentId);
    if (row !== undefined) return { galleryNo, row, isSuspended };
    throw new KithError({ kind: 'not-found', resource: 'enrolment', id: enrolmentId, galleryKind: ref.kind });
  }

  return {
    addEnrolment: async (ref: GalleryRef, personId: string, enrolment: NewEnrolment, maxEnrolments: number) => {
      const { galleryNo, personNo, consentPolicy } = await persons.getPersonNo(ref, personId);
      await consents.require({ personNo, consentPolicy }, enrolment.createdMs);
      if (((await countOf.get(personNo)) ?? 0) >= maxEnrolments) {
        throw new KithError({
          kind: 'limit-exceeded',
          limit: 'enrolments',
          max: maxEnrolments,
          message: `The person already has ${maxEnrolments} enrolments.`,
        });
      }
      const enrolmentNo = await insertEnrolment(ref, galleryNo, personNo, enrolment);
      await galleries.addToCounts(galleryNo, 0, 1);
      await noteUse.run(enrolment.createdMs, personNo);
      return stored(enrolment, personId, enrolmentNo);
    },
    importPersons: async (
      ref: GalleryRef,
      batch: readonly { readonly person: NewPerson; readonly enrolments: readonly NewEnrolment[] }[],
      maxPersons = Number.POSITIVE_INFINITY,
    ) => {
      const { galleryNo, persons: before, consentPolicy } = await galleries.getHead(ref);
      if (before + batch.length > maxPersons) throw tooManyPersons(maxPersons);
      let enrolmentCount = 0;
      const imported = [];
      for (const entry of batch) {
        const { personNo } = await persons.insertPerson(ref, galleryNo, entry.person);
        enrolmentCount += entry.enrolments.length;
        const isAsked = consentPolicy === 'required' || entry.person.consent !== undefined;
        if (isAsked && entry.enrolments.length > 0) await consents.require({ personNo, consentPolicy });
        const enrolmentNos: number[] = [];
        for (const enrolment of entry.enrolments) {
          enrolmentNos.push(await insertEnrolment(ref, galleryNo, personNo, enrolment));
        }
        imported.push({ personNo, enrolmentNos });
      }
      await galleries.addToCounts(galleryNo, batch.length, enrolmentCount);
      return imported;
    },
    async getEnrolment(ref, personId, enrolmentId) {
      return toEnrolment((await getRow(ref, personId, enrolmentId)).row, personId);
    },
    async listEnrolments(ref, personId) {
      return (await list.all((await persons.getPersonNo(ref, personId)).personNo)).map((row) =>
        toEnrolment(row, personId),
      );
    },
    async findEnrolmentBySource(ref, personId, sourceHash) {
      const row = await findBySource.get((await persons.getPersonNo(ref, personId)).personNo, sourceHash);
      return row && toEnrolment(row, personId);
    },
    updateEnrolment: async (ref: GalleryRef, personId: string, enrolmentId: string, patch: { userData: string }) => {
      await update.run(patch.userData, (await getRow(ref, personId, enrolmentId)).row.enrolmentNo);
    },
    deleteEnrolment: async (ref: GalleryRef, personId: string, enrolmentId: string) => {
      const { galleryNo, row, isSuspended } = await getRow(ref, personId, enrolmentId);
      const snapshotTemplates = (await countCopies.get(row.enrolmentNo)) ?? 0;
      await erasures.record('enrolment', galleryNo, enrolmentId);
      await remove.run(row.enrolmentNo);
      if (!isSuspended) await galleries.addToCounts(galleryNo, 0, -1);
      await changes.record('remove', galleryNo, row.enrolmentNo);
      return { persons: 0, keys: 0, templates: 1, photos: Number(row.hasPhoto), consents: 0, snapshotTemplates };
    },
    findEnrolmentPhoto: async (ref, personId, enrolmentId) =>
      await findPhoto.get((await getRow(ref, personId, enrolmentId)).row.enrolmentNo),
    sweepEnrolmentPhotos: async (limit) => (await sweepPhotos.run(limit)).changes,
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
    hasPhoto: row.hasPhoto,
    createdMs: row.createdMs,
  };
}
