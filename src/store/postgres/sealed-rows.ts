import type { SealedPlace, SealedRow } from '../../core/storage/sealed-rows.ts';
import type { Store } from '../../core/storage/store.ts';
import { type Key, keysOf, PLACES, type Place } from '../rows/sealed-rows.ts';
import type { Connection } from './connection.ts';

export function sealedRows(db: Connection): Pick<Store, 'listSealed' | 'replaceSealed'> {
  const select = (place: Place, where: string) => {
    const { table, column, keys, tenant } = place;
    return db.prepare<Key[], SealedRow>(
      `SELECT json_build_array(${keys.join(', ')})::text AS at, ${tenant} AS "tenantId", ${column} AS sealed
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
    async listSealed(place, { after, limit }) {
      const statements = prepared[place];
      return after === undefined
        ? await statements.first.all(limit)
        : await statements.after.all(...keysOf(after), limit);
    },
    replaceSealed: async (place: SealedPlace, rows: readonly (SealedRow & { readonly anew: Uint8Array })[]) => {
      for (const { at, sealed, anew } of rows) await prepared[place].replace.run(anew, sealed, ...keysOf(at));
    },
  };
}
