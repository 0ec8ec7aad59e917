import type { Store } from '../../core/storage/store.ts';
import type { UnusedPerson } from '../../core/storage/uses.ts';
import { LAST_USE } from '../rows/uses.ts';
import type { Connection } from './connection.ts';
import type { Galleries } from './galleries.ts';
import type { Persons } from './persons.ts';

export function uses(
  db: Connection,
  { galleries, persons }: { readonly galleries: Galleries; readonly persons: Persons },
): Pick<Store, 'notePersonUses' | 'listUnusedPersons' | 'findLastUse'> {
  const note = db.prepare<[{ personNo: number; usedMs: number }]>(
    `UPDATE persons SET last_used_ms = greatest(@usedMs, ${LAST_USE}) WHERE person_no = @personNo`,
  );
  // The directory's gallery of persons holds no faces: nothing there is ever found
  const noteInDirectory = db.prepare<[{ personNo: number; usedMs: number }]>(
    `UPDATE persons SET last_used_ms = greatest(@usedMs, ${LAST_USE})
     WHERE (gallery_no, person_id) = (
       SELECT d.gallery_no, p.person_id
       FROM persons p JOIN galleries f ON f.gallery_no = p.gallery_no AND f.kind = 'directory'
         JOIN galleries d ON d.tenant_id = f.tenant_id AND d.kind = 'directory' AND d.gallery_id = 'persons'
           AND d.erasing = 0
       WHERE p.person_no = @personNo)`,
  );
  const listUnused = db.prepare<
    [{ galleryNo: number; beforeMs: number; afterMs: number; afterId: string; limit: number }],
    UnusedPerson
  >(
    `SELECT person_id AS "personId", name AS "personName", ${LAST_USE} AS "lastUsedMs" FROM persons
     WHERE gallery_no = @galleryNo AND ${LAST_USE} < @beforeMs AND merged_into IS NULL
       AND (${LAST_USE}, person_id) > (@afterMs, @afterId)
     ORDER BY ${LAST_USE}, person_id LIMIT @limit`,
  );
  const find = db.prepare<[number], number>(`SELECT ${LAST_USE} FROM persons WHERE person_no = ?`).pluck();

  return {
    notePersonUses: async (used: readonly { personNo: number; usedMs: number }[]) => {
      for (const { personNo, usedMs } of used) {
        await note.run({ personNo, usedMs });
        await noteInDirectory.run({ personNo, usedMs });
      }
    },
    async listUnusedPersons(ref, beforeMs, { after, limit }) {
      const { galleryNo } = await galleries.getHead(ref);
      const from = { afterMs: after?.lastUsedMs ?? 0, afterId: after?.personId ?? '' };
      return await listUnused.all({ galleryNo, beforeMs, ...from, limit });
    },
    findLastUse: async (ref, personId) => (await find.get((await persons.getPersonNo(ref, personId)).personNo)) ?? 0,
  };
}
