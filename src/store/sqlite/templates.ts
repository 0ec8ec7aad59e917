import type { Database } from 'better-sqlite3';
import type { SealedEnrolment } from '../../core/ports.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

interface ResolvedRow {
  readonly personId: string;
  readonly personName: string;
  readonly enrolmentId: string;
}

// CROSS JOIN fixes the order: one walk along the enrolments, the rest looked up by primary key
const SEALED = `
  SELECT p.gallery_no AS galleryNo, p.person_no AS personNo, e.enrolment_no AS enrolmentNo, e.pack_id AS packId,
         p.wrapped_key AS wrappedKey, t.sealed AS sealedTemplate
  FROM enrolments e
  CROSS JOIN templates t ON t.enrolment_no = e.enrolment_no
  CROSS JOIN persons p ON p.person_no = e.person_no
  CROSS JOIN galleries g ON g.gallery_no = p.gallery_no AND g.erasing = 0`;

export function templates(
  db: Database,
  galleries: Galleries,
  persons: Persons,
): Pick<SyncStore, 'sealedEnrolmentsOf' | 'resolveEnrolments' | 'scanEnrolments' | 'getSealedEnrolments'> {
  const ofPerson = db.prepare<[number], SealedEnrolment>(`${SEALED} WHERE e.person_no = ? ORDER BY e.enrolment_no`);
  const scan = db.prepare<[number, number], SealedEnrolment>(
    `${SEALED} WHERE e.enrolment_no > ? ORDER BY e.enrolment_no LIMIT ?`,
  );
  const one = db.prepare<[number], SealedEnrolment>(`${SEALED} WHERE e.enrolment_no = ?`);
  const resolve = db.prepare<[number, number], ResolvedRow>(
    `SELECT p.person_id AS personId, p.name AS personName, e.enrolment_id AS enrolmentId
     FROM enrolments e CROSS JOIN persons p ON p.person_no = e.person_no
     WHERE e.enrolment_no = ? AND p.gallery_no = ?`,
  );

  return {
    sealedEnrolmentsOf(ref, personId) {
      return ofPerson.all(persons.getPersonNo(ref, personId).personNo);
    },
    resolveEnrolments(ref, enrolmentNos) {
      const { galleryNo } = galleries.getHead(ref);
      const resolved = new Map<number, ResolvedRow>();
      for (const enrolmentNo of enrolmentNos) {
        const row = resolve.get(enrolmentNo, galleryNo);
        if (row !== undefined) resolved.set(enrolmentNo, row);
      }
      return resolved;
    },
    scanEnrolments(afterEnrolmentNo, limit) {
      return scan.all(afterEnrolmentNo, limit);
    },
    getSealedEnrolments(enrolmentNos) {
      return enrolmentNos.flatMap((enrolmentNo) => one.get(enrolmentNo) ?? []);
    },
  };
}
