// The PostgreSQL that scripts/postgres-test.sh has started for this run, and databases in it.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export interface ScaleServer {
  /** Of the superuser. */
  readonly url: string;
  /** Of the process all others of the server are below. */
  readonly pid: number;
  /** Where its programs are. */
  readonly bin: string;
}

export function scaleServer(): ScaleServer {
  const { KITH_TEST_POSTGRES: url, KITH_TEST_POSTGRES_HOME: home, KITH_TEST_POSTGRES_BIN: bin } = process.env;
  if (url === undefined || home === undefined || bin === undefined) {
    throw new Error('KITH_TEST_POSTGRES names no server; npm run bench:scale starts one');
  }
  return { url, bin, pid: Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]) };
}

export interface ScaleDatabase {
  readonly url: string;
  /** The same for a role that is no superuser, as an operator gives to nodes: row-level security holds for it. */
  readonly plainUrl: string;
  drop(): Promise<void>;
}

export async function createScaleDatabase({ url }: ScaleServer): Promise<ScaleDatabase> {
  const name = `kith_scale_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  await ask(url, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await ask(url, `CREATE DATABASE ${name} OWNER ${name}`);
  const own = Object.assign(new URL(url), { pathname: `/${name}` });
  return {
    url: own.href,
    plainUrl: Object.assign(new URL(own), { username: name, password }).href,
    async drop() {
      await ask(url, `DROP DATABASE ${name} WITH (FORCE)`);
      await ask(url, `DROP ROLE ${name}`);
    },
  };
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
