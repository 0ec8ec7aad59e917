import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';

/** A server for tests that they may fill and empty; `npm run test:postgres` starts one. */
export const TEST_POSTGRES = process.env.KITH_TEST_POSTGRES;
export const NO_POSTGRES = 'no KITH_TEST_POSTGRES: npm run test:postgres starts a server and sets it';

export interface TestSchema {
  /** As KITH_STORE takes it. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Tables of a test's own in the one database. */
export function testSchema(): TestSchema {
  const schema = uniqueName();
  return {
    url: TEST_POSTGRES === undefined ? '' : urlOf(schema),
    drop: () => ask(`DROP SCHEMA IF EXISTS ${schema} CASCADE`),
  };
}

/** The same for a role that is no superuser, as operators should give Kith: row-level security holds for it. */
export async function plainRoleSchema(): Promise<TestSchema> {
  const name = uniqueName();
  const password = randomUUID();
  await ask(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'; GRANT CREATE ON DATABASE postgres TO ${name}`);
  return {
    url: Object.assign(new URL(urlOf(name)), { username: name, password }).href,
    drop: () => ask(`DROP OWNED BY ${name}; DROP ROLE ${name}`),
  };
}

function uniqueName(): string {
  return `kith_${randomUUID().replaceAll('-', '')}`;
}

function urlOf(schema: string): string {
  const url = new URL(TEST_POSTGRES ?? '');
  url.searchParams.set('schema', schema);
  return url.href;
}

async function ask(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: TEST_POSTGRES ?? '' });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** In the directory of the test's server, where what a test starts is stopped with it. */
export function serverPath(name: string): string {
  return join(process.env.KITH_TEST_POSTGRES_HOME ?? '', name);
}

/** As an operator restarts it: those connected are cut off. */
export function restartPostgres(): void {
  const { port } = new URL(TEST_POSTGRES ?? '');
  const log = ['-l', serverPath('log')];
  serverCommand('pg_ctl', ['-D', serverPath('data'), ...log, '-w', '-m', 'fast', '-o', `-p ${port}`, 'restart']);
}

/** One of PostgreSQL's own commands, as the user that its servers run as: never root. */
export function serverCommand(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const command = join(process.env.KITH_TEST_POSTGRES_BIN ?? '', name);
  const asServer = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', command] : [command];
  const [program = command, ...first] = asServer;
  execFileSync(program, [...first, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
    cwd: serverPath('.'),
  });
}
