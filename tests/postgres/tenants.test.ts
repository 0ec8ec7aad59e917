// The second wall between tenants, as a role meets it that is no superuser.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/storage/store.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, type PrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { plainRoleSchema, type TestSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { createFilledGallery, newProbe } from '../support/store-contract/samples.ts';

describe.skipIf(SHARED_POSTGRES === undefined)(`tenants (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`, () => {
  const TABLES = ['galleries', 'persons', 'probes', 'dismissed_pairs'];
  let schema: TestSchema;
  let pool: PrimaryPool;
  let store: Store;

  beforeAll(async () => {
    schema = await plainRoleSchema();
    pool = openPrimaryPool(schema.url);
    store = await openPostgresStore({ pool, nodeId: 'one' });
  });
  afterAll(async () => {
    await pool.close();
    await schema.drop();
  });

  async function rowsSeenAs(tenant: string | undefined): Promise<readonly number[]> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      if (tenant === undefined) await client.query("SELECT set_config('kith.tenant', '', true)");
      else await client.query("SELECT set_config('kith.tenant', $1, true)", [tenant]);
      const counts = [];
      for (const table of TABLES) counts.push((await client.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);
      await client.query('ROLLBACK');
      return counts;
    } finally {
      client.release();
    }
  }

  test('a statement that forgets the tenant sees the rows of its own only, and none without one', async () => {
    const { gallery } = await createFilledGallery(store, { persons: 3, enrolmentsEach: 1 });
    const { gallery: other } = await createFilledGallery(store, { persons: 2, enrolmentsEach: 1 });
    await store.insertProbes(other.tenantId, [newProbe()]);
    const [one, two] = (await store.listPersons(gallery, { limit: 2 })).map(({ personId }) => personId);
    const pair = { personIds: [one ?? '', two ?? ''], keyId: 'reviewer', dismissedMs: 1 } as const;
    await store.dismissPair(gallery, pair, 10);
    expect(await rowsSeenAs(gallery.tenantId)).toEqual([1, 3, 0, 1]);
    expect(await rowsSeenAs(other.tenantId)).toEqual([1, 2, 1, 0]);
    expect(await rowsSeenAs(undefined)).toEqual([0, 0, 0, 0]);
    expect(await rowsSeenAs('*')).toEqual([2, 5, 1, 1]);
    expect(await store.listTenantIds()).toHaveLength(2);
  });
});
