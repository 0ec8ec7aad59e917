import type { Database } from 'better-sqlite3';
import type { SealedEnrolment } from '../../core/storage/enrolments.ts';
import type { ResolvedPerson } from '../../core/storage/persons.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';
import type { SyncStore } from './sync-store.ts';

type ResolvedEnrolment = ResolvedPerson['enrolments'][number];

// CROSS JOIN fixes the order: one walk along the enrolments, the rest looked up by primary key
const SEALED = `
  SELECT g.tenant_id AS "tenantId", p.gallery_no AS "galleryNo", p.person_no AS "personNo", e.enrolment_no AS "enrolmentNo", e.pack_id AS "packId",
         p.wrapped_key AS "wrappedKey", t.sealed AS "sealedTemplate"
  FROM enrolments e
  CROSS JOIN templates t ON t.enrolment_no = e.enrolment_no
  CROSS JOIN persons p ON p.person_no = e.person_no
  CROSS JOIN galleries g ON g.gallery_no = p.gallery_no AND g.erasing = 0`;

export function templates(
  db: Database,
  galleries: Galleries,
  persons: Persons,
): Pick<
  SyncStore,
  'sealedEnrolmentsOf' | 'sampleEnrolments' | 'resolvePersons' | 'scanEnrolments' | 'getSealedEnrolments'
> {
  const ofPerson = db.prepare<[number, number], SealedEnrolment>(
    `${SEALED} WHERE e.person_no = ? AND p.suspended <= ? ORDER BY e.enrolment_no`,
  );
  const scan = db.prepare<[number, number], SealedEnrolment>(
    `${SEALED} WHERE e.enrolment_no > ? AND p.suspended = 0 ORDER BY e.enrolment_no LIMIT ?`,
  );
  const one = db.prepare<[number], SealedEnrolment>(`${SEALED} WHERE e.enrolment_no = ? AND p.suspended = 0`);
  const firstOf = db.prepare<[number], SealedEnrolment>(
    `${SEALED} WHERE e.person_no = ? AND p.suspended = 0 ORDER BY e.enrolment_no LIMIT 1`,
  );
  const allPersons = db.prepare<[number], { personNo: number }>(
    'SELECT person_no AS "personNo" FROM persons WHERE gallery_no = ?',
  );
  const personRange = db.prepare<[number, number], { first: number | null; last: number | null }>(
    `SELECT (SELECT person_no FROM persons WHERE gallery_no = ? ORDER BY person_no LIMIT 1) AS first,
            (SELECT person_no FROM persons WHERE gallery_no = ? ORDER BY person_no DESC LIMIT 1) AS last`,
  );
  const personFrom = db.prepare<[number, number], { personNo: number }>(
    'SELECT person_no AS "personNo" FROM persons WHERE gallery_no = ? AND person_no >= ? ORDER BY person_no LIMIT 1',
  );
  const nameOf = db.prepare<[number, number], { personId: string; personName: string; wrappedKey: Uint8Array }>(
    `SELECT person_id AS "personId", name AS "personName", wrapped_key AS "wrappedKey"
     FROM persons WHERE person_no = ? AND gallery_no = ? AND suspended = 0`,
  );
  // The hit's own first: the limit must not leave it out
  const enrolmentsOf = db.prepare<[number, number, number], Omit<ResolvedEnrolment, 'wrappedKey'>>(
    `SELECT e.enrolment_id AS "enrolmentId", e.quality_level AS "qualityLevel", t.sealed AS "sealedTemplate"
     FROM enrolments e CROSS JOIN templates t ON t.enrolment_no = e.enrolment_no
     WHERE e.person_no = ? ORDER BY e.enrolment_no = ? DESC, e.enrolment_no LIMIT ?`,
  );

  /** By random numbers between the first and the last: a walk over a million persons would hold up everybody else. */
  function draw(galleryNo: number, count: number): number[] {
    const ends = personRange.get(galleryNo, galleryNo);
    if (ends?.first == null || ends.last == null) return [];
    const drawn = new Set<number>();
    for (let i = 0; i < count; i++) {
      const from = ends.first + Math.floor(Math.random() * (ends.last - ends.first + 1));
      const person = personFrom.get(galleryNo, from);
      if (person) drawn.add(person.personNo);
    }
    return [...drawn];
  }

  return {
    sealedEnrolmentsOf(ref, personId, options) {
      return ofPerson.all(persons.getPersonNo(ref, personId).personNo, Number(options?.evenSuspended ?? false));
    },
    sampleEnrolments(ref, count) {
      const { galleryNo, persons: total } = galleries.getHead(ref);
      const personNos =
        total <= count ? allPersons.all(galleryNo).map(({ personNo }) => personNo) : draw(galleryNo, count);
      return personNos.flatMap((personNo) => firstOf.get(personNo) ?? []);
    },
    resolvePersons(ref, hits, maxEnrolments) {
      const { galleryNo } = galleries.getHead(ref);
      return hits.flatMap(({ personNo, enrolmentNo }) => {
        const person = nameOf.get(personNo, galleryNo);
        if (person === undefined) return [];
        const { wrappedKey, ...names } = person;
        const enrolments = enrolmentsOf.all(personNo, enrolmentNo, maxEnrolments);
        if (enrolments.length === 0) return [];
        return [{ personNo, ...names, enrolments: enrolments.map((enrolment) => ({ ...enrolment, wrappedKey })) }];
      });
    },
    scanEnrolments(afterEnrolmentNo, limit) {
      return scan.all(afterEnrolmentNo, limit);
    },
    getSealedEnrolments(enrolmentNos) {
      return enrolmentNos.flatMap((enrolmentNo) => one.get(enrolmentNo) ?? []);
    },
  };
}
