import { afterAll, describe, test } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { NO_POSTGRES, plainRoleSchema, TEST_POSTGRES, type TestSchema } from '../support/postgres.ts';
import { storeContract } from '../support/store-contract.ts';

if (TEST_POSTGRES === undefined) {
  describe('PostgreSQL', () => test.skip(NO_POSTGRES, () => undefined));
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
