// The server that the other files stand on is what operators run: not root's, durable, with pgvector, and it fails over.
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, SHARED_POSTGRES, startPostgres, WITHOUT_POSTGRES } from '../support/postgres-server.ts';

const run = promisify(execFile);

async function query(url: string, sql: string): Promise<string> {
  const psql = `${process.env.KITH_TEST_POSTGRES_BIN}/psql`;
  const { stdout } = await run(psql, ['-X', '-v', 'ON_ERROR_STOP=1', '-Atqc', sql, url], { timeout: 20_000 });
  return stdout.trim();
}

async function until(url: string, sql: string, wanted: string): Promise<void> {
  await expect.poll(() => query(url, sql).catch(() => 'no answer'), { timeout: 20_000, interval: 100 }).toBe(wanted);
}

describe.skipIf(SHARED_POSTGRES === undefined)(`the server of the tests (${WITHOUT_POSTGRES})`, () => {
  let server: PostgresServer;
  let standby: PostgresServer;

  beforeAll(async () => {
    if (SHARED_POSTGRES !== undefined) server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test('is version 15 or newer, writes to disk, and belongs to nobody privileged', async () => {
    expect(Number(await query(server.url, 'SHOW server_version_num'))).toBeGreaterThanOrEqual(150_000);
    expect(await query(server.url, 'SHOW fsync')).toBe('on');
    expect(await query(server.url, 'SHOW max_connections')).toBe('100');
    expect(statSync(`${server.dataDir}/postmaster.pid`).uid).not.toBe(0);
  });

  test('searches vectors', async () => {
    const nearest = `
      CREATE EXTENSION vector;
      CREATE TABLE faces (name text, template halfvec(3));
      INSERT INTO faces VALUES ('ann', '[1,0,0]'), ('bea', '[0,1,0]'), ('cem', '[0,0,1]');
      CREATE INDEX ON faces USING hnsw ((binary_quantize(template)::bit(3)) bit_hamming_ops);
      SELECT name FROM faces ORDER BY template <=> '[.1,.9,.2]' LIMIT 1;
      DROP TABLE faces`;
    expect(await query(server.url, nearest)).toBe('bea');
  });

  test('sorts as people do, so that order by bytes must be asked for', async () => {
    const letters = "SELECT string_agg(x, '' ORDER BY x) FROM (VALUES ('b'), ('A'), ('a'), ('B')) AS v(x)";
    expect(await query(server.url, letters)).toBe('aAbB');
  });

  test('comes back from a crash with what it acknowledged', async () => {
    await query(server.url, 'CREATE TABLE kept (word text)');
    await query(server.url, "INSERT INTO kept VALUES ('before the crash')");
    await server.halt('immediate');
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow(/refused/);
    await server.resume();
    expect(await query(server.url, 'SELECT word FROM kept')).toBe('before the crash');
  });

  test('is followed by a standby that takes over with all that was acknowledged', async () => {
    standby = await server.addStandby('second');
    await query(server.url, "ALTER SYSTEM SET synchronous_standby_names = 'second'");
    await query(server.url, 'SELECT pg_reload_conf()');
    await until(server.url, 'SELECT application_name || sync_state FROM pg_stat_replication', 'secondsync');
    await query(server.url, "INSERT INTO kept VALUES ('just before the fall')");
    await server.halt('immediate');
    await standby.promote();
    await until(standby.url, 'SELECT pg_is_in_recovery()', 'f');
    await query(standby.url, "INSERT INTO kept VALUES ('after it')");
    expect(await query(standby.url, "SELECT string_agg(word, ', ') FROM kept")).toBe(
      'before the crash, just before the fall, after it',
    );
    await standby.halt('fast');
    await standby.resume();
    expect(await query(standby.url, 'SELECT count(*) FROM kept')).toBe('3');
  });

  test('leaves nothing behind', async () => {
    await server.remove();
    expect(existsSync(server.dataDir)).toBe(false);
    await expect(query(standby.url, 'SELECT 1')).rejects.toThrow(/refused/);
  });
});
