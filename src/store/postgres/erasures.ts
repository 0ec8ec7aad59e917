import type { Store } from '../../core/storage/store.ts';
import { type ErasureKind, erasureMark } from '../erasure-mark.ts';
import type { Connection } from './connection.ts';

export interface Erasures
  extends Pick<Store, 'erasuresToNote' | 'erasuresNoted' | 'noteErasuresAnew' | 'unknownErasures'> {
  /** To be called inside the transaction that erases. `ids` are unique within the gallery. */
  record(kind: ErasureKind, galleryNo: number, ...ids: readonly (string | number)[]): Promise<void>;
  /** Without a gallery around it. */
  recordMark(mark: string): Promise<void>;
}

/** `nodeId`: whose ledger it is. */
export function erasures(db: Connection, nodeId: string): Erasures {
  const insert = db.prepare<[string]>(`INSERT INTO erasures (mark) VALUES (decode(?, 'hex')) ON CONFLICT DO NOTHING`);
  const uidOf = db
    .prepare<[number], string>(`SELECT upper(encode(gallery_uid, 'hex')) FROM galleries WHERE gallery_no = ?`)
    .pluck();
  // Marks come under the writers' lock, so in the order of their numbers: up to one is all before it
  const toNote = db.prepare<[string, number], { erasureNo: number; mark: string }>(
    `SELECT erasure_no AS "erasureNo", encode(mark, 'hex') AS mark FROM erasures
     WHERE erasure_no > coalesce((SELECT erasure_no FROM noted_erasures WHERE node_id = ?), 0)
     ORDER BY erasure_no LIMIT ?`,
  );
  const noted = db.prepare<[string, number]>(
    `INSERT INTO noted_erasures AS n VALUES (?, ?)
     ON CONFLICT (node_id) DO UPDATE SET erasure_no = greatest(n.erasure_no, excluded.erasure_no)`,
  );
  const anew = db.prepare<[string]>('DELETE FROM noted_erasures WHERE node_id = ?');
  const unknown = db
    .prepare<[readonly string[]], string>(
      `SELECT m FROM unnest(?::text[]) WITH ORDINALITY AS marks (m, place)
       WHERE NOT EXISTS (SELECT 1 FROM erasures e WHERE e.mark = decode(m, 'hex')) ORDER BY place`,
    )
    .pluck();

  return {
    async record(kind, galleryNo, ...ids) {
      await insert.run(erasureMark(kind, (await uidOf.get(galleryNo)) ?? '', ...ids));
    },
    async recordMark(mark) {
      await insert.run(mark);
    },
    erasuresToNote: (limit) => toNote.all(nodeId, limit),
    async erasuresNoted(erasureNo) {
      await noted.run(nodeId, erasureNo);
    },
    async noteErasuresAnew() {
      await anew.run(nodeId);
    },
    unknownErasures: (marks) => unknown.all(marks),
  };
}
