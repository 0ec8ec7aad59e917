// A node that joins the others and leaves again: it doesn't wait for what it has only begun.
import { describe, expect, test } from 'vitest';
import type { StartedFollower } from '../../src/core/index-follower.ts';
import { joinNodes } from '../../src/store/postgres/nodes.ts';
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { openPrimaryPool, queryOnce } from '../../src/store/postgres/primary-pool.ts';
import { testSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

/** More than a pool has connections: one that was not given back each time would be missed. */
const TIMES = 20;

describe.skipIf(SHARED_POSTGRES === undefined)(
  `a node that leaves (${SHARED_POSTGRES ? 'PostgreSQL' : WITHOUT_POSTGRES})`,
  () => {
    test('is gone at once, listening already or not yet, and holds no connection', async () => {
      const schema = testSchema();
      const pool = openPrimaryPool(schema.url);
      try {
        await openPostgresStore({ pool, nodeId: 'one' });
        const follower = { changeNo: 0, catchUp: async () => undefined } as unknown as StartedFollower;
        const options = { pool, nodeId: 'one', name: 'one', version: '1', follower };
        for (let i = 0; i < TIMES; i++) {
          const nodes = await joinNodes({
            ...options,
            onError: (error) => {
              throw error;
            },
          });
          // Every other time before it listens
          if (i % 2 === 1) await nodes.catchUpElsewhere();
          await nodes.close();
        }
        expect(await queryOnce(pool, 'SELECT node_id FROM nodes')).toEqual([]);
      } finally {
        await pool.close();
        await schema.drop();
      }
    });
  },
);
