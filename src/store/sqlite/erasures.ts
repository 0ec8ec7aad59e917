import type { Database } from 'better-sqlite3';
import { type ErasureKind, erasureMark } from '../erasure-mark.ts';
import type { SyncStore } from './sync-store.ts';

export interface Erasures
  extends Pick<SyncStore, 'erasuresToNote' | 'erasuresNoted' | 'noteErasuresAnew' | 'unknownErasures'> {
  /** To be called inside the transaction that erases. `ids` are unique within the gallery. */
  record(kind: ErasureKind, galleryNo: number, ...ids: readonly (string | number)[]): void;
  /** Without a gallery around it. */
  recordMark(mark: string): void;
}

export function erasures(db: Database): Erasures {
  const insert = db.prepare<[string]>('INSERT INTO erasures (mark) VALUES (unhex(?)) ON CONFLICT DO NOTHING');
  const uidOf = db.prepare<[number], string>('SELECT hex(gallery_uid) FROM galleries WHERE gallery_no = ?').pluck();
  const toNote = db.prepare<[number], { erasureNo: number; mark: string }>(
    `SELECT erasure_no AS "erasureNo", lower(hex(mark)) AS mark FROM erasures
     WHERE noted = 0 ORDER BY erasure_no LIMIT ?`,
  );
  const noted = db.prepare<[number]>('UPDATE erasures SET noted = 1 WHERE noted = 0 AND erasure_no <= ?');
  const anew = db.prepare<[]>('UPDATE erasures SET noted = 0 WHERE noted = 1');
  const isKnown = db.prepare<[string], number>('SELECT 1 FROM erasures WHERE mark = unhex(?)').pluck();

  return {
    record(kind, galleryNo, ...ids) {
      insert.run(erasureMark(kind, uidOf.get(galleryNo) ?? '', ...ids));
    },
    recordMark(mark) {
      insert.run(mark);
    },
    erasuresToNote: (limit) => toNote.all(limit),
    erasuresNoted(erasureNo) {
      noted.run(erasureNo);
    },
    noteErasuresAnew() {
      anew.run();
    },
    unknownErasures: (marks) => marks.filter((mark) => isKnown.get(mark) === undefined),
  };
}
