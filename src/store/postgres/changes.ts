import type { Change } from '../../core/storage/changes.ts';
import type { Store } from '../../core/storage/store.ts';
import type { Connection } from './connection.ts';

export interface Changes extends Pick<Store, 'lastChangeNo' | 'changesAfter' | 'trimChanges'> {
  /** To be called inside the transaction that makes the change. */
  record(op: Change['op'], galleryNo: number, enrolmentNo: number): Promise<void>;
}

export function changes(db: Connection): Changes {
  const insert = db.prepare<[string, number, number]>(
    'INSERT INTO changes (op, gallery_no, enrolment_no) VALUES (?, ?, ?)',
  );
  // Trimmed ones count too; not the sequence, which is ahead of what is committed
  const last = db
    .prepare<[], number>('SELECT greatest((SELECT max(change_no) FROM changes), (SELECT last_no FROM trimmed_changes))')
    .pluck();
  const after = db.prepare<[number, number], Change>(
    `SELECT change_no AS "changeNo", op, gallery_no AS "galleryNo", enrolment_no AS "enrolmentNo"
     FROM changes WHERE change_no > ? ORDER BY change_no LIMIT ?`,
  );
  const trim = db.prepare<[number]>(
    `WITH gone AS (DELETE FROM changes WHERE change_no <= ? RETURNING change_no)
     UPDATE trimmed_changes SET last_no = greatest(last_no, (SELECT max(change_no) FROM gone))`,
  );

  return {
    async record(op, galleryNo, enrolmentNo) {
      await insert.run(op, galleryNo, enrolmentNo);
    },
    async lastChangeNo() {
      return (await last.get()) ?? 0;
    },
    async changesAfter(changeNo, limit) {
      return await after.all(changeNo, limit);
    },
    async trimChanges(changeNo) {
      await trim.run(changeNo);
    },
  };
}
