import type { Change } from '../../core/storage/changes.ts';
import type { Store } from '../../core/storage/store.ts';
import type { Connection } from './connection.ts';

export interface Changes extends Pick<Store, 'lastChangeNo' | 'changesAfter' | 'trimChanges'> {
  /** To be called inside the transaction that makes the change. */
  record(op: Change['op'], galleryNo: number, enrolmentNo: number): Promise<void>;
}

/** A change, or nothing, beside the number up to which all were trimmed. */
type Followed = { readonly trimmedNo: number } & (Change | { readonly [Member in keyof Change]: null });

export function changes(db: Connection): Changes {
  const insert = db.prepare<[string, number, number]>(
    'INSERT INTO changes (op, gallery_no, enrolment_no) VALUES (?, ?, ?)',
  );
  // Trimmed ones count too; not the sequence, which is ahead of what is committed
  const last = db
    .prepare<[], number>('SELECT greatest((SELECT max(change_no) FROM changes), (SELECT last_no FROM trimmed_changes))')
    .pluck();
  // In one statement, which sees one state: nothing is trimmed between the two
  const after = db.prepare<[number, number], Followed>(
    `SELECT t.last_no AS "trimmedNo", c.change_no AS "changeNo", c.op, c.gallery_no AS "galleryNo",
            c.enrolment_no AS "enrolmentNo"
     FROM trimmed_changes t
       LEFT JOIN LATERAL (SELECT * FROM changes WHERE change_no > ? ORDER BY change_no LIMIT ?) c ON true
     ORDER BY c.change_no`,
  );
  const trim = db
    .prepare<[number, number], number>(
      `WITH gone AS (
         DELETE FROM changes WHERE change_no IN (
           SELECT change_no FROM changes WHERE change_no <= ? ORDER BY change_no LIMIT ?)
         RETURNING change_no),
       noted AS (UPDATE trimmed_changes SET last_no = greatest(last_no, (SELECT max(change_no) FROM gone)))
       SELECT count(*) FROM gone`,
    )
    .pluck();

  return {
    async record(op, galleryNo, enrolmentNo) {
      await insert.run(op, galleryNo, enrolmentNo);
    },
    async lastChangeNo() {
      return (await last.get()) ?? 0;
    },
    async changesAfter(changeNo, limit) {
      const rows = await after.all(changeNo, limit);
      if ((rows[0]?.trimmedNo ?? 0) > changeNo) return undefined;
      // The one row of what was trimmed stands alone when there are no changes
      return rows.flatMap(({ trimmedNo: _trimmedNo, ...change }) => (isChange(change) ? [change] : []));
    },
    async trimChanges(changeNo, limit) {
      return (await trim.get(changeNo, limit)) ?? 0;
    },
  };
}

function isChange(row: Change | { readonly changeNo: null }): row is Change {
  return row.changeNo !== null;
}
