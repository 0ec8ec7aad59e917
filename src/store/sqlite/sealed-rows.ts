import type { Database } from 'better-sqlite3';
import type { SealedPlace, SealedRow } from '../../core/storage/sealed-rows.ts';
import { type Key, keysOf, PLACES, type Place } from '../rows/sealed-rows.ts';
import type { SyncStore } from './sync-store.ts';

export function sealedRows(db: Database): Pick<SyncStore, 'listSealed' | 'replaceSealed'> {
  const select = (place: Place, where: string) => {
    const { table, column, keys, tenant } = place;
    return db.prepare<Key[], SealedRow>(
      `SELECT json_array(${keys.join(', ')}) AS at, ${tenant} AS "tenantId", ${column} AS sealed
       FROM ${table} s WHERE ${column} IS NOT NULL AND ${where} ORDER BY ${keys.join(', ')} LIMIT ?`,
    );
  };
  const prepared = Object.fromEntries(
    Object.entries(PLACES).map(([name, place]) => {
      const { table, column, keys } = place;
      const marks = keys.map(() => '?').join(', ');
      return [
        name,
        {
          first: select(place, 'true'),
          after: select(place, `(${keys.join(', ')}) > (${marks})`),
          replace: db.prepare<(Key | Uint8Array)[]>(
            `UPDATE ${table} SET ${column} = ? WHERE ${column} = ? AND (${keys.join(', ')}) = (${marks})`,
          ),
        },
      ];
    }),
  ) as Record<
    SealedPlace,
    {
      first: ReturnType<typeof select>;
      after: ReturnType<typeof select>;
      replace: ReturnType<typeof db.prepare<(Key | Uint8Array)[]>>;
    }
  >;

  return {
    listSealed(place, { after, limit }) {
      const statements = prepared[place];
      return after === undefined ? statements.first.all(limit) : statements.after.all(...keysOf(after), limit);
    },
    replaceSealed: db.transaction(
      (place: SealedPlace, rows: readonly (SealedRow & { readonly anew: Uint8Array })[]) => {
        for (const { at, sealed, anew } of rows) prepared[place].replace.run(anew, sealed, ...keysOf(at));
      },
    ).immediate,
  };
}
