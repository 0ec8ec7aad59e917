// A database of its own in the PostgreSQL that KITH_TEST_POSTGRES names.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from './postgres-server.ts';

export interface TestDatabase {
  readonly url: string;
  /** Another pool of connections, as another node has. */
  openPool(options?: pg.PoolConfig): pg.Pool;
  /** Closes all pools and drops the database. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  if (SHARED_POSTGRES === undefined) throw new Error(WITHOUT_POSTGRES);
  const name = `kith_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${name}`);
  const url = new URL(SHARED_POSTGRES);
  url.pathname = `/${name}`;
  const pools: pg.Pool[] = [];
  return {
    url: url.href,
    openPool(options = {}) {
      const pool = new pg.Pool({ connectionString: url.href, ...options });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    },
    async drop() {
      await Promise.all(pools.map((pool) => pool.end()));
      await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: SHARED_POSTGRES });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
