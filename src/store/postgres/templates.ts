import type { SealedEnrolment } from '../../core/storage/enrolments.ts';
import type { ResolvedPerson } from '../../core/storage/persons.ts';
import type { Store } from '../../core/storage/store.ts';
import type { Connection } from './connection.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

type ResolvedEnrolment = ResolvedPerson['enrolments'][number];
type ResolvedRow = Omit<ResolvedPerson, 'enrolments'> & ResolvedEnrolment & { readonly place: number };

// JOIN fixes the order: one walk along the enrolments, the rest looked up by primary key
const SEALED = `
  SELECT g.tenant_id AS "tenantId", p.gallery_no AS "galleryNo", p.person_no AS "personNo", e.enrolment_no AS "enrolmentNo", e.pack_id AS "packId",
         p.wrapped_key AS "wrappedKey", t.sealed AS "sealedTemplate"
  FROM enrolments e
  JOIN templates t ON t.enrolment_no = e.enrolment_no
  JOIN persons p ON p.person_no = e.person_no
  JOIN galleries g ON g.gallery_no = p.gallery_no AND g.erasing = 0`;

export function templates(
  db: Connection,
  galleries: Galleries,
  persons: Persons,
): Pick<
  Store,
  'sealedEnrolmentsOf' | 'sampleEnrolments' | 'resolvePersons' | 'scanEnrolments' | 'getSealedEnrolments'
> {
  const ofPerson = db.prepare<[number, number], SealedEnrolment>(
    `${SEALED} WHERE e.person_no = ? AND p.suspended <= ? ORDER BY e.enrolment_no`,
  );
  const scan = db.prepare<[number, number], SealedEnrolment>(
    `${SEALED} WHERE e.enrolment_no > ? AND p.suspended = 0 ORDER BY e.enrolment_no LIMIT ?`,
  );
  const some = db.prepare<[readonly number[]], SealedEnrolment>(
    `${SEALED} JOIN unnest(?::bigint[]) WITH ORDINALITY AS asked (enrolment_no, place)
       ON asked.enrolment_no = e.enrolment_no
     WHERE p.suspended = 0 ORDER BY asked.place`,
  );
  const firstOf = db.prepare<[readonly number[]], SealedEnrolment>(
    `${SEALED} JOIN (
       SELECT min(enrolment_no) AS enrolment_no FROM enrolments WHERE person_no = ANY (?) GROUP BY person_no
     ) first ON first.enrolment_no = e.enrolment_no WHERE p.suspended = 0`,
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
  // The hit's own first: the limit must not leave it out
  const resolve = db.prepare<
    [{ galleryNo: number; personNos: readonly number[]; enrolmentNos: readonly number[]; maxEnrolments: number }],
    ResolvedRow
  >(
    `SELECT hit.place, p.person_no AS "personNo", p.person_id AS "personId", p.name AS "personName",
            p.wrapped_key AS "wrappedKey", e.enrolment_id AS "enrolmentId", e.quality_level AS "qualityLevel",
            e.sealed AS "sealedTemplate"
     FROM unnest(@personNos::bigint[], @enrolmentNos::bigint[]) WITH ORDINALITY AS hit (person_no, enrolment_no, place)
     JOIN persons p ON p.person_no = hit.person_no AND p.gallery_no = @galleryNo AND p.suspended = 0
     JOIN LATERAL (
       SELECT o.enrolment_no, o.enrolment_id, o.quality_level, t.sealed
       FROM enrolments o JOIN templates t ON t.enrolment_no = o.enrolment_no
       WHERE o.person_no = p.person_no
       ORDER BY o.enrolment_no = hit.enrolment_no DESC, o.enrolment_no LIMIT @maxEnrolments
     ) e ON true
     ORDER BY hit.place, e.enrolment_no = hit.enrolment_no DESC, e.enrolment_no`,
  );

  /** By random numbers between the first and the last: a walk over a million persons would hold up everybody else. */
  async function draw(galleryNo: number, count: number): Promise<number[]> {
    const ends = await personRange.get(galleryNo, galleryNo);
    if (ends?.first == null || ends.last == null) return [];
    const drawn = new Set<number>();
    for (let i = 0; i < count; i++) {
      const from = ends.first + Math.floor(Math.random() * (ends.last - ends.first + 1));
      const person = await personFrom.get(galleryNo, from);
      if (person) drawn.add(person.personNo);
    }
    return [...drawn];
  }

  return {
    async sealedEnrolmentsOf(ref, personId, options) {
      return await ofPerson.all(
        (await persons.getPersonNo(ref, personId)).personNo,
        Number(options?.evenSuspended ?? false),
      );
    },
    async sampleEnrolments(ref, count) {
      const { galleryNo, persons: total } = await galleries.getHead(ref);
      const personNos =
        total <= count
          ? (await allPersons.all(galleryNo)).map(({ personNo }) => personNo)
          : await draw(galleryNo, count);
      return await firstOf.all(personNos);
    },
    async resolvePersons(ref, hits, maxEnrolments) {
      const { galleryNo } = await galleries.getHead(ref);
      if (hits.length === 0) return [];
      const rows = await resolve.all({
        galleryNo,
        personNos: hits.map(({ personNo }) => personNo),
        enrolmentNos: hits.map(({ enrolmentNo }) => enrolmentNo),
        maxEnrolments,
      });
      return groupByHit(rows);
    },
    async scanEnrolments(afterEnrolmentNo, limit) {
      return await scan.all(afterEnrolmentNo, limit);
    },
    async getSealedEnrolments(enrolmentNos) {
      return await some.all(enrolmentNos);
    },
  };
}

/** Rows of one hit lie together. */
function groupByHit(rows: readonly ResolvedRow[]): ResolvedPerson[] {
  const found: (Omit<ResolvedPerson, 'enrolments'> & { readonly enrolments: ResolvedEnrolment[] })[] = [];
  let last = 0;
  for (const { place, personNo, personId, personName, ...enrolment } of rows) {
    if (place !== last) found.push({ personNo, personId, personName, enrolments: [] });
    last = place;
    found.at(-1)?.enrolments.push(enrolment);
  }
  return found;
}
