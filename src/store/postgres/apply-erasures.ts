import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef } from '../../core/types.ts';
import { erasureMark } from '../erasure-mark.ts';
import { refOf } from '../rows/apply-erasures.ts';
import type { Connection } from './connection.ts';
import type { Erasures } from './erasures.ts';

type Parts = Erasures &
  Pick<
    Store,
    'deleteGallery' | 'deletePerson' | 'deleteEnrolment' | 'withdrawConsent' | 'deleteSnapshot' | 'deleteApiKey'
  >;

interface Row extends GalleryRef {
  readonly uid: string;
  readonly personId: string;
  readonly personNo: number;
  readonly isMerged: boolean;
}

const GALLERY = `g.tenant_id AS "tenantId", g.kind, g.gallery_id AS "galleryId",
  upper(encode(g.gallery_uid, 'hex')) AS uid`;
const PERSON = `${GALLERY}, p.person_id AS "personId", p.person_no AS "personNo", p.merged_into IS NOT NULL AS "isMerged"`;

/** Marks can't be read backwards: everything there is gets its mark and is looked up. Seconds for a million persons. */
export function applyErasures(db: Connection, parts: Parts): Pick<Store, 'applyErasures'> {
  const allGalleries = db.prepare<[], Row>(`SELECT ${GALLERY} FROM galleries g WHERE g.erasing = 0`);
  const allPersons = db.prepare<[], Row>(
    `SELECT ${PERSON} FROM persons p JOIN galleries g USING (gallery_no) WHERE g.erasing = 0`,
  );
  const allEnrolments = db.prepare<[], Row & { enrolmentId: string }>(
    `SELECT ${PERSON}, e.enrolment_id AS "enrolmentId"
     FROM enrolments e JOIN persons p USING (person_no) JOIN galleries g USING (gallery_no) WHERE g.erasing = 0`,
  );
  const allConsents = db.prepare<[], Row & { givenMs: number }>(
    `SELECT ${PERSON}, c.given_ms AS "givenMs" FROM consents c JOIN persons p USING (person_no)
     JOIN galleries g USING (gallery_no) WHERE g.erasing = 0 AND c.withdrawn_ms IS NULL AND p.merged_into IS NULL`,
  );
  const allSnapshots = db.prepare<[], { tenantId: string; snapshotId: string }>(
    'SELECT tenant_id AS "tenantId", snapshot_id AS "snapshotId" FROM snapshots WHERE finished >= 0',
  );
  const allKeys = db.prepare<[], { tenantId: string; keyId: string }>(
    'SELECT tenant_id AS "tenantId", key_id AS "keyId" FROM api_keys',
  );
  const eraseMerged = db.prepare<[number]>('DELETE FROM persons WHERE person_no = ?');

  return {
    applyErasures: async (marks: readonly string[], nowMs: number) => {
      const wanted = new Set(marks);
      // Found first and erased then: a statement that is being read from must not lose its rows
      const found = async <R>(rows: AsyncIterable<R>, markOf: (row: R) => string) => {
        const marked: R[] = [];
        for await (const row of rows) if (wanted.has(markOf(row))) marked.push(row);
        return marked;
      };

      for (const { tenantId, keyId } of await found(allKeys.each(), (row) => erasureMark('key', '', row.keyId))) {
        await parts.deleteApiKey(tenantId, keyId);
      }
      for (const { tenantId, snapshotId } of await found(allSnapshots.each(), (row) =>
        erasureMark('snapshot', '', row.snapshotId),
      )) {
        await parts.deleteSnapshot(tenantId, snapshotId);
      }
      for (const row of await found(allGalleries.each(), ({ uid }) => erasureMark('gallery', uid))) {
        await parts.deleteGallery(refOf(row));
      }
      for (const row of await found(allPersons.each(), ({ uid, personId }) => erasureMark('person', uid, personId))) {
        if (row.isMerged) await eraseMerged.run(row.personNo);
        else await parts.deletePerson(refOf(row), row.personId);
      }
      for (const row of await found(allEnrolments.each(), ({ uid, enrolmentId }) =>
        erasureMark('enrolment', uid, enrolmentId),
      )) {
        await parts.deleteEnrolment(refOf(row), row.personId, row.enrolmentId);
      }
      for (const row of await found(allConsents.each(), ({ uid, personId, givenMs }) =>
        erasureMark('consent', uid, personId, givenMs),
      )) {
        await parts.withdrawConsent(refOf(row), row.personId, nowMs);
      }
      for (const mark of marks) await parts.recordMark(mark);
    },
  };
}
