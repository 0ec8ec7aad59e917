// Receipts of what was erased, on the command line: on the data directory, and through the service that runs on it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort, startBuiltService } from '../support/built-service.ts';
import { type JsonRecord, kith, recordsOf } from '../support/kith-command.ts';
import { runHere } from '../support/run-cli.ts';
import { clientOf, type Send } from '../support/service-client.ts';

// Each test starts several processes
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEY = 'a-key-for-tests-that-is-long-enough';

let root: string;
let child: ChildProcess;
let send: Send;
let there: readonly string[];
let env: Readonly<Record<string, string>>;
let erased: { readonly personId: string; readonly first: JsonRecord };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-erasure-cli-'));
  const port = await freePort();
  env = { KITH_DATA_DIR: join(root, 'data') };
  child = await startBuiltService({ dataDir: join(root, 'data'), port, key: KEY });
  send = clientOf(port, KEY);
  await writeFile(join(root, 'key'), KEY, { mode: 0o600 });
  there = ['--url', `http://127.0.0.1:${port}`, '--key-file', join(root, 'key')];
  for (const galleryId of ['club', 'staff']) await send('PUT', `/v1/galleries/${galleryId}`, {});
  const personId = (await send('POST', '/v1/galleries/club/people', { name: 'Ann' }))?.json.personId;
  const first = (await send('DELETE', `/v1/galleries/club/people/${personId}`))?.json;
  erased = { personId, first };
  await send('DELETE', '/v1/galleries/staff');
});
afterAll(async () => {
  child?.kill('SIGTERM');
  if (child?.exitCode === null) await once(child, 'close');
  await rm(root, { recursive: true, force: true });
});

const run = (...args: string[]) => runHere(['erasure', ...args], env);
const lines = async (...args: string[]) => recordsOf((await run(...args, '--json')).stdout);

test('lists the same on the data directory and through the service', async () => {
  const listed = await lines('list');
  expect(listed).toMatchObject([
    { type: 'erasure', subject: { what: 'gallery', galleryId: 'staff' }, cause: 'asked' },
    { type: 'erasure', subject: { what: 'person', personId: erased.personId }, removed: { persons: 1 } },
  ]);
  expect(await lines('list', ...there)).toEqual(listed);
  expect(await lines('list', '-g', 'club', ...there)).toEqual([listed[1]]);
  expect(await lines('list', '-g', 'club')).toEqual([listed[1]]);
  expect(await lines('list', '--person', erased.personId)).toEqual([listed[1]]);
  expect(await lines('list', '--tenant', 'north')).toEqual([]);
  const { stdout } = await run('list');
  expect(stdout).toMatch(/What +Erased \(UTC\) +By +Record/);
  expect(stdout).toContain(String(listed[1]?.record));
  expect((await run('list', '--limit', '1')).stderr).toContain('--limit asks for more');
  expect((await run('list', '--tenant', 'north')).stdout).toBe('Nothing that was erased is on record.\n');
  expect(await run('list', '--tenant', 'north', ...there)).toMatchObject({ code: 2 });
});

test('a receipt is made out again, written over nothing, and verifies everywhere', async () => {
  const [, listed] = await lines('list');
  const record = String(listed?.record);
  const file = join(root, 'receipt.json');
  const saved = await run('receipt', record, '--to', file, ...there);
  expect(saved).toMatchObject({ code: 0, stdout: `The receipt is in ${file}.\n` });
  const again = await run('receipt', record, '--to', file, ...there);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  expect(await run('receipt', record, '--to', join(root, 'none', 'x.json'), ...there)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no such folder'),
  });

  const { receipt } = JSON.parse(await readFile(file, 'utf8'));
  const { issuedAt, ...facts } = receipt;
  expect(facts).toEqual(erased.first.receipt);
  const local = JSON.parse((await run('receipt', record)).stdout);
  expect({ ...local.receipt, issuedAt }).toEqual(receipt);
  const [line] = await lines('receipt', record);
  expect(line).toMatchObject({ type: 'erasure-receipt', receipt: facts, signature: { algorithm: 'Ed25519' } });

  const kept = join(root, 'kept.pem');
  await copyFile(join(root, 'data', 'audit', 'public-key.pem'), kept);
  await writeFile(join(root, 'line.json'), JSON.stringify(line));
  await writeFile(join(root, 'first.json'), JSON.stringify(erased.first));
  for (const where of [[], there, ['--public-key', kept]]) {
    const verified = await run('verify', file, ...where);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain(
      `the person ${erased.personId} of club was erased at ${facts.erasedAt}: 1 person`,
    );
    expect(verified.stdout).toContain(`made out again from the audit log at ${issuedAt}`);
    expect((await run('verify', join(root, 'line.json'), ...where)).code).toBe(0);
    expect((await run('verify', join(root, 'first.json'), ...where)).stdout).not.toContain('made out again');
  }
  await writeFile(file, (await readFile(file, 'utf8')).replace('"persons": 1', '"persons": 2'));
  for (const where of [[], there]) {
    expect(await run('verify', file, ...where)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('It was changed after it was signed.'),
    });
  }
  expect((await run('verify', file, '--public-key', kept, ...there)).code).toBe(2);
});

test('what is no record, or nobody’s, is said to be that', async () => {
  for (const wrong of ['57', '../../etc/passwd', '0001-9f2c4e7a', '0001-9f2c4e7a/0', '0001-9f2c4e7a/x', '']) {
    expect(await run('receipt', wrong)).toMatchObject({ code: 2, stderr: expect.stringContaining('is no record') });
  }
  for (const where of [[], there]) {
    const unknown = await run('receipt', '0001-00000000/57', ...where);
    expect(unknown).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/no erasure "0001-00000000\/57"/),
    });
  }
});

test('what the service erased just now is waited for until the service has signed it', async () => {
  const { personId } = (await send('POST', '/v1/galleries/club/people', { name: 'Bob' }))?.json ?? {};
  const first = (await send('DELETE', `/v1/galleries/club/people/${personId}`))?.json;
  const { chain, seq } = first.receipt.record;
  const { code, stdout, stderr } = await run('receipt', `${chain}/${seq}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'The service has not signed this record yet: one moment …\n' });
  expect(JSON.parse(stdout).receipt).toMatchObject(first.receipt);
});

test('as it was built, in a process of its own', async () => {
  const { code, stdout } = await kith(['erasure', 'list', '-g', 'staff'], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^What .*\ngallery staff +\d{4}-\d\d-\d\d \d\d:\d\d +\S+ +\d{4}-[0-9a-f]{8}\/\d+\n$/);
});
