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
  const schema = `kith_${randomUUID().replaceAll('-', '')}`;
  const server = TEST_POSTGRES ?? '';
  return {
    url: `${server}${server.includes('?') ? '&' : '?'}schema=${schema}`,
    async drop() {
      const client = new pg.Client({ connectionString: server });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  };
}

/** As an operator restarts it: those connected are cut off. */
export function restartPostgres(): void {
  const { KITH_TEST_POSTGRES_BIN: bin = '', KITH_TEST_POSTGRES_HOME: home = '' } = process.env;
  const port = new URL(TEST_POSTGRES ?? '').port;
  serverCommand(join(bin, 'pg_ctl'), [
    '-D',
    join(home, 'data'),
    '-l',
    join(home, 'log'),
    '-w',
    '-m',
    'fast',
    '-o',
    `-p ${port}`,
    'restart',
  ]);
}

/** Servers never run as root. */
export function serverCommand(command: string, args: readonly string[]): void {
  if (process.getuid?.() === 0)
    execFileSync('runuser', ['-u', 'postgres', '--', command, ...args], { stdio: 'ignore' });
  else execFileSync(command, args, { stdio: 'ignore' });
}
