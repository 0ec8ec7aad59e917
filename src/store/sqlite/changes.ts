import type { Database } from 'better-sqlite3';
import type { Change } from '../../core/storage/changes.ts';
import type { SyncStore } from './sync-store.ts';

export interface Changes extends Pick<SyncStore, 'lastChangeNo' | 'changesAfter' | 'trimChanges'> {
  /** To be called inside the transaction that makes the change. */
  record(op: Change['op'], galleryNo: number, enrolmentNo: number): void;
}

export function changes(db: Database): Changes {
  const insert = db.prepare<[string, number, number]>(
    'INSERT INTO changes (op, gallery_no, enrolment_no) VALUES (?, ?, ?)',
  );
  // The sequence, not the highest row: trimmed changes count too
  const last = db.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'changes'");
  const after = db.prepare<[number, number], Change>(
    `SELECT change_no AS "changeNo", op, gallery_no AS "galleryNo", enrolment_no AS "enrolmentNo"
     FROM changes WHERE change_no > ? ORDER BY change_no LIMIT ?`,
  );
  const first = db.prepare<[], number | null>('SELECT min(change_no) FROM changes').pluck();
  const trim = db.prepare<[number, number]>(
    'DELETE FROM changes WHERE change_no IN (SELECT change_no FROM changes WHERE change_no <= ? ORDER BY change_no LIMIT ?)',
  );
  const lastChangeNo = () => last.get()?.seq ?? 0;

  return {
    record(op, galleryNo, enrolmentNo) {
      insert.run(op, galleryNo, enrolmentNo);
    },
    lastChangeNo,
    changesAfter(changeNo, limit) {
      // Numbers are given out without a gap, so what is missing before the first was trimmed
      if ((first.get() ?? lastChangeNo() + 1) > changeNo + 1) return undefined;
      return after.all(changeNo, limit);
    },
    trimChanges(changeNo, limit) {
      return trim.run(changeNo, limit).changes;
    },
  };
}
