import { afterAll, describe, test } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool } from '../../src/store/postgres/primary-pool.ts';
import { NO_POSTGRES, TEST_POSTGRES, testSchema } from '../support/postgres.ts';
import { storeContract } from '../support/store-contract.ts';

if (TEST_POSTGRES === undefined) {
  describe('PostgreSQL', () => test.skip(NO_POSTGRES, () => undefined));
} else {
  const schema = testSchema();
  afterAll(() => schema.drop());
  storeContract('PostgreSQL', async () => {
    const pool = openPrimaryPool(schema.url);
    const store = await openPostgresStore({ pool, nodeId: 'one' });
    return { ...store, close: () => pool.close() };
  });
}
