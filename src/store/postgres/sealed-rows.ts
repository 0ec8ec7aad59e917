import type { SealedPlace, SealedRow } from '../../core/storage/sealed-rows.ts';
import type { Store } from '../../core/storage/store.ts';
import type { Connection } from './connection.ts';

interface Place {
  readonly table: string;
  readonly column: string;
  /** Primary key. */
  readonly keys: readonly string[];
  readonly tenant: string;
}

const OF_GALLERY = '(SELECT tenant_id FROM galleries g WHERE g.gallery_no = s.gallery_no)';
const OF_SNAPSHOT = '(SELECT tenant_id FROM snapshots g WHERE g.snapshot_no = s.snapshot_no)';
const OWN = 's.tenant_id';

const PLACES: Readonly<Record<SealedPlace, Place>> = {
  'person-keys': { table: 'persons', column: 'wrapped_key', keys: ['person_no'], tenant: OF_GALLERY },
  'snapshot-person-keys': {
    table: 'snapshot_persons',
    column: 'wrapped_key',
    keys: ['snapshot_no', 'person_id'],
    tenant: OF_SNAPSHOT,
  },
  'gallery-keys': { table: 'galleries', column: 'transform_key', keys: ['gallery_no'], tenant: OWN },
  'next-gallery-keys': { table: 'galleries', column: 'next_transform_key', keys: ['gallery_no'], tenant: OWN },
  'snapshot-gallery-keys': { table: 'snapshots', column: 'transform_key', keys: ['snapshot_no'], tenant: OWN },
  probes: { table: 'probes', column: 'sealed', keys: ['probe_no'], tenant: OWN },
  'liveness-references': {
    table: 'liveness_sessions',
    column: 'sealed_reference',
    keys: ['tenant_id', 'session_id'],
    tenant: OWN,
  },
};

type Key = string | number;

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

function keysOf(at: string): Key[] {
  return JSON.parse(at) as Key[];
}
