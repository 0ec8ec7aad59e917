import { afterAll, describe, test } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { plainRoleSchema, type TestSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { storeContract } from '../support/store-contract.ts';

if (SHARED_POSTGRES === undefined) {
  describe('PostgreSQL', () => test.skip(WITHOUT_POSTGRES, () => undefined));
} else {
  let schema: TestSchema | undefined;
  afterAll(() => schema?.drop());
  storeContract('PostgreSQL', async () => {
    schema = await plainRoleSchema();
    const pool = openPrimaryPool(schema.url);
    const store = await openPostgresStore({ pool, nodeId: 'one' });
    return { ...store, close: () => pool.close() };
  });
}
