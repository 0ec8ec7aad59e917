import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { SCHEMA_LOCK } from '../../src/search/postgres/schema.ts';
import { SHARED_POSTGRES } from './postgres-server.ts';

export interface TestSchema {
  /** As KITH_STORE takes it. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Tables of a test's own in the one database. */
export function testSchema(): TestSchema {
  const schema = uniqueName();
  return {
    url: SHARED_POSTGRES === undefined ? '' : urlOf(schema),
    drop: () => ask(`DROP SCHEMA IF EXISTS ${schema} CASCADE`),
  };
}

/** The same for a role that is no superuser, as operators should give Kith: row-level security holds for it. */
export async function plainRoleSchema(): Promise<TestSchema> {
  const name = uniqueName();
  const password = randomUUID();
  await ask(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'; GRANT CREATE ON DATABASE postgres TO ${name}`);
  // As an operator's superuser does for it; locked against those that make it themselves
  await ask(`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK}); CREATE EXTENSION IF NOT EXISTS vector SCHEMA public`);
  return {
    url: Object.assign(new URL(urlOf(name)), { username: name, password }).href,
    drop: () => ask(`DROP OWNED BY ${name}; DROP ROLE ${name}`),
  };
}

function uniqueName(): string {
  return `kith_${randomUUID().replaceAll('-', '')}`;
}

function urlOf(schema: string): string {
  const url = new URL(SHARED_POSTGRES ?? '');
  url.searchParams.set('schema', schema);
  return url.href;
}

async function ask(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: SHARED_POSTGRES ?? '' });
  await client.connect();
  await client.query(sql);
  await client.end();
}
