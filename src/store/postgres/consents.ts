import { KithError } from '../../core/errors.ts';
import type { ConsentStore, EndedConsent, NewConsent } from '../../core/storage/consents.ts';
import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef } from '../../core/types.ts';
import { CONSENT_COLUMNS, toConsent } from '../rows/consent-rows.ts';
import { type DueRow, PERSON_COLUMNS } from '../rows/consents.ts';
import type { Changes } from './changes.ts';
import type { Connection } from './connection.ts';
import type { ConsentRows } from './consent-rows.ts';
import type { Erasures } from './erasures.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

interface DueQuery {
  readonly tenantId: string;
  readonly byMs: number;
  readonly kinds: readonly string[];
  readonly afterMs: number;
  readonly afterId: string;
  readonly limit: number;
}

export function consents(
  db: Connection,
  parts: {
    readonly galleries: Galleries;
    readonly persons: Persons;
    readonly consents: ConsentRows;
    readonly changes: Changes;
    readonly erasures: Erasures;
  },
): Pick<Store, keyof ConsentStore> {
  const { galleries, persons, consents: rows, changes, erasures } = parts;
  const withdraw = db.prepare<[{ personNo: number; nowMs: number }]>(
    `UPDATE consents SET withdrawn_ms = coalesce(withdrawn_ms, @nowMs), ended_ms = coalesce(ended_ms, @nowMs)
     WHERE person_no = @personNo`,
  );
  const end = db.prepare<[number, number, number]>(
    'UPDATE consents SET ended_ms = ? WHERE person_no = ? AND until_ms <= ? AND ended_ms IS NULL',
  );
  const suspend = db
    .prepare<[number], number>(
      'UPDATE persons SET suspended = 1 WHERE person_no = ? AND suspended = 0 RETURNING gallery_no',
    )
    .pluck();
  const bringBack = db
    .prepare<[number], number>(
      'UPDATE persons SET suspended = 0 WHERE person_no = ? AND suspended = 1 RETURNING gallery_no',
    )
    .pluck();
  const enrolmentNosOf = db
    .prepare<[number], number>('SELECT enrolment_no FROM enrolments WHERE person_no = ? ORDER BY enrolment_no')
    .pluck();
  const nextEnd = db
    .prepare<[], number>(
      'SELECT until_ms FROM consents WHERE ended_ms IS NULL AND until_ms IS NOT NULL ORDER BY until_ms LIMIT 1',
    )
    .pluck();
  const listEnded = db.prepare<[number, number], EndedConsent>(
    `SELECT ${PERSON_COLUMNS}, p.person_no AS "personNo" FROM consents c JOIN persons p USING (person_no)
       JOIN galleries g USING (gallery_no)
     WHERE c.ended_ms IS NULL AND c.until_ms <= ? ORDER BY c.until_ms LIMIT ?`,
  );
  const listDue = db.prepare<[DueQuery], DueRow>(
    `SELECT ${PERSON_COLUMNS}, p.name AS "personName", ${CONSENT_COLUMNS}
     FROM consents c JOIN persons p USING (person_no) JOIN galleries g USING (gallery_no)
     WHERE c.until_ms <= @byMs AND c.withdrawn_ms IS NULL AND p.merged_into IS NULL AND g.erasing = 0
       AND g.tenant_id = @tenantId AND g.kind = ANY (@kinds)
       AND (c.until_ms, p.person_id) > (@afterMs, @afterId)
     ORDER BY c.until_ms, p.person_id LIMIT @limit`,
  );

  async function record(op: 'add' | 'remove', galleryNo: number | undefined, personNo: number): Promise<void> {
    if (galleryNo === undefined) return;
    const enrolmentNos = await enrolmentNosOf.all(personNo);
    for (const enrolmentNo of enrolmentNos) await changes.record(op, galleryNo, enrolmentNo);
    await galleries.addToCounts(galleryNo, 0, op === 'add' ? enrolmentNos.length : -enrolmentNos.length);
  }

  return {
    giveConsent: async (ref: GalleryRef, personId: string, consent: NewConsent) => {
      const { personNo } = await persons.getPersonNo(ref, personId);
      await rows.put(personNo, consent);
      await record('add', await bringBack.get(personNo), personNo);
    },
    async findConsent(ref, personId) {
      return await rows.find((await persons.getPersonNo(ref, personId)).personNo);
    },
    withdrawConsent: async (ref: GalleryRef, personId: string, nowMs: number) => {
      const { galleryNo, personNo } = await persons.getPersonNo(ref, personId);
      const given = await rows.find(personNo);
      if (given === undefined) {
        throw new KithError({ kind: 'not-found', resource: 'consent', id: personId, galleryKind: ref.kind });
      }
      await withdraw.run({ personNo, nowMs });
      await erasures.record('consent', galleryNo, personId, given.givenMs);
      await record('remove', await suspend.get(personNo), personNo);
    },
    nextConsentEndMs: async () => await nextEnd.get(),
    listEndedConsents: async (nowMs, limit) => await listEnded.all(nowMs, limit),
    endConsents: async (personNos: readonly number[], nowMs: number) => {
      for (const personNo of personNos) {
        if ((await end.run(nowMs, personNo, nowMs)).changes > 0)
          await record('remove', await suspend.get(personNo), personNo);
      }
    },
    async listDueConsents(tenantId, { byMs, kinds }, { after, limit }) {
      const from = { afterMs: after?.untilMs ?? 0, afterId: after?.personId ?? '' };
      const found = await listDue.all({ tenantId, byMs, kinds, ...from, limit });
      return found.map(({ kind, galleryId, personId, personName, tenantId: _, ...row }) => ({
        ...{ tenantId, kind, galleryId, personId, personName },
        consent: toConsent(row),
      }));
    },
  };
}
