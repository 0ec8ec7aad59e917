// What kith doctor says of a store in PostgreSQL.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkPostgres } from '../../src/cli/doctor/postgres-check.ts';
import { loadConfig } from '../../src/config.ts';
import { plainRoleSchema, type TestSchema } from '../support/postgres.ts';
import { SHARED_POSTGRES, WITHOUT_POSTGRES } from '../support/postgres-server.ts';
import { runHere } from '../support/run-cli.ts';

describe.skipIf(SHARED_POSTGRES === undefined)(`doctor (${WITHOUT_POSTGRES})`, () => {
  let schema: TestSchema;
  let root: string;
  beforeAll(async () => {
    schema = await plainRoleSchema();
    root = await mkdtemp(join(tmpdir(), 'kith-doctor-'));
  });
  afterAll(async () => {
    await schema?.drop();
    if (root) await rm(root, { recursive: true });
  });

  const settings = (node: string) => ({ KITH_DATA_DIR: join(root, node), KITH_STORE: schema.url });
  async function findings(node: string, more = {}): Promise<readonly Finding[]> {
    return (await checkPostgres(loadConfig({ ...settings(node), ...more }))) as readonly Finding[];
  }
  const said = (found: readonly Finding[], sentence: RegExp) => found.find(({ message }) => sentence.test(message));

  test('before and after the first start, and to a node with another master key', async () => {
    const before = await findings('one');
    expect(before.filter(({ outcome }) => outcome === 'fault')).toEqual([]);
    expect(said(before, /answers, and takes writes/)).toMatchObject({ outcome: 'ok' });
    expect(said(before, /tables are not there yet/)).toMatchObject({ outcome: 'note' });
    expect(said(before, /row-level security holds/)).toMatchObject({ outcome: 'ok' });
    expect(said(before, /clocks of this machine and of the database/)).toMatchObject({ outcome: 'ok', check: 'time' });

    // No node over a shared database makes a master key of its own
    await mkdir(join(root, 'one'), { mode: 0o700 });
    await writeFile(join(root, 'one', 'master.key'), randomBytes(32), { mode: 0o600 });
    const made = await runHere(['keys', 'create'], settings('one'));
    expect(made.code, made.stderr).toBe(0);
    const after = await findings('one', { KITH_SEARCH: 'postgres' });
    expect(said(after, /tables are of this version/)).toMatchObject({ outcome: 'ok' });
    expect(said(after, /it is the master key of the other nodes/)).toMatchObject({
      outcome: 'ok',
      check: 'master key',
    });
    expect(said(after, /pgvector/)).toMatchObject({ check: 'search' });

    await mkdir(join(root, 'two'));
    await writeFile(join(root, 'two', 'master.key'), randomBytes(32), { mode: 0o600 });
    expect(said(await findings('two'), /another master key/)).toMatchObject({ outcome: 'fault', check: 'master key' });
  });

  test('of nodes of another version, and of tables of a newer Kith', async () => {
    const client = new pg.Client({ connectionString: schema.url.replace(/\?.*/, '') });
    await client.connect();
    const name = new URL(schema.url).searchParams.get('schema');
    await client.query(`SET search_path = ${name}`);
    await client.query("INSERT INTO nodes (node_id, name, version) VALUES ('n1', 'left:8484', '0.0.1')");
    expect(said(await findings('one'), /1 node at work, of other versions: left:8484 \(0\.0\.1\)/)).toMatchObject({
      outcome: 'note',
      check: 'nodes',
    });
    await client.query('INSERT INTO schema_versions (version) VALUES (9999)');
    expect(said(await findings('one'), /of a newer Kith \(schema 9999.*until it is replaced/)).toMatchObject({
      outcome: 'note',
    });
    await client.query('UPDATE schema_versions SET oldest_reader = 9999 WHERE version = 9999');
    expect(said(await findings('one'), /of a newer Kith \(schema 9999.*start the newer/)).toMatchObject({
      outcome: 'fault',
    });
    await client.end();
  });
});
