// What an operator or an auditor asks of a service from another machine: its log, its models, how it is.
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pemOf, readOrCreateSigningKey } from '../../src/audit/signing-key.ts';
import { MAX_PAGE } from '../../src/core/limits.ts';
import { packageVersion } from '../../src/package-version.ts';
import { searchEvent } from '../support/audit-logs.ts';
import { linesOf, recordsOf } from '../support/kith-command.ts';
import { runHere } from '../support/run-cli.ts';
import { startSecureService, type TestService } from '../support/service.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let root: string;
let service: TestService;
const path = (name: string) => join(root, name);

async function keyFile(name: string, key: string): Promise<string> {
  await writeFile(path(name), `${key}\n`, { mode: 0o600 });
  return path(name);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-operating-'));
  const secure = await startSecureService();
  service = secure.service;
  await writeFile(path('ca.pem'), secure.ca);
  await keyFile('key', service.key);
  // More than one page of the log, deeds in an order that can be told, and one of somebody else
  const audit = service.deps.auditLog.actingAs({ tenantId: 'home', keyId: 'k' });
  await Promise.all(Array.from({ length: MAX_PAGE + 50 }, (_, i) => audit.record(searchEvent(`person-${i}`))));
  for (let i = 0; i < 3; i++) await there('gallery', 'create', `gallery-${i}`);
  const other = await service.deps.keys.create({ tenantId: 'elsewhere', label: 'x', permissions: ['admin'] });
  await runHere(['gallery', 'create', 'foreign', ...flags(await keyFile('foreign', other.key))]);
});
afterAll(async () => {
  await service?.stop();
  await rm(root, { recursive: true, force: true });
});

const flags = (file: string) => ['--url', service.url, '--key-file', file, '--ca', path('ca.pem')];
const there = (...args: string[]) => runHere([...args, ...flags(path('key'))], {});

describe('the log', () => {
  test('is exported page by page, of the key’s own tenant alone, as lines and as a spreadsheet', async () => {
    const { code, stdout } = await there('audit', 'export', '--quiet');
    expect(code).toBe(0);
    const deeds = linesOf(stdout);
    const created = deeds.filter(({ action, outcome }) => action === 'gallery-create' && outcome === 'done');
    expect(created.map(({ gallery }) => (gallery as { galleryId: string }).galleryId)).toEqual([
      'gallery-2',
      'gallery-1',
      'gallery-0',
    ]);
    expect(stdout).not.toContain('foreign');
    expect(deeds.filter(({ action }) => action === 'search')).toHaveLength(MAX_PAGE + 50);
    expect(new Set(deeds.map(({ seq }) => seq)).size).toBe(deeds.length);
    const csv = await there('audit', 'export', '--format', 'csv', '--from', '2020-01-01');
    const rows = parse(csv.stdout, { columns: true }) as Record<string, string>[];
    expect(rows.map(({ seq, galleryId }) => [seq, galleryId])).toEqual(
      deeds.map(({ seq, gallery }) => [String(seq), (gallery as { galleryId?: string } | undefined)?.galleryId ?? '']),
    );
    expect((await there('audit', 'export', '--until', '2020-01-01')).stdout).toBe('');
    expect(linesOf((await there('audit', 'export', '--person', 'person-7')).stdout)).toMatchObject([
      { action: 'search' },
    ]);
  });

  test.each([
    ['--tenant', 'home'],
    ['--public-key', 'x'],
    ['--heads', 'x'],
  ])('takes no %s where it could not keep the promise', async (...option) => {
    expect(await there('audit', 'export', ...option)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`leave out`),
    });
  });

  test('is checked by the service, and its heads here, by a key and heads that were kept', async () => {
    await writeFile(path('public.pem'), pemOf(await readOrCreateSigningKey(service.auditFolder)));
    await vi.waitFor(async () => expect((await there('audit', 'heads')).stdout).not.toBe(''), 30_000);
    const heads = await there('audit', 'heads');
    await writeFile(path('heads.jsonl'), heads.stdout);
    const kept = ['--public-key', path('public.pem'), '--heads', path('heads.jsonl')];
    const verified = await there('audit', 'verify', '--json', ...kept);
    expect(verified.code).toBe(0);
    expect(recordsOf(verified.stdout)).toMatchObject([{ type: 'audit-check', isIntact: true, faults: [], heads: 1 }]);
    expect((await there('audit', 'verify')).stdout).toContain("the service's own key");

    // Of a log that is not this one: another key; more records than there are; another record in one's place
    const [head] = linesOf(heads.stdout);
    await writeFile(path('other.pem'), pemOf(await readOrCreateSigningKey(await mkdtemp(path('audit-')))));
    const wrong = await there('audit', 'verify', '--public-key', path('other.pem'));
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('is not signed by the key') });
    for (const [change, fault] of [
      [{ seq: 1_000_000 }, 'a head over record 1000000 was kept'],
      [{ hash: '0'.repeat(64) }, 'is another than the one whose head was kept'],
      [{ chain: 'gone' }, 'the whole chain is gone'],
    ] as const) {
      const sorted = Object.entries({ ...head, ...change }).sort(([a], [b]) => a.localeCompare(b));
      await writeFile(path('changed.jsonl'), `${JSON.stringify(Object.fromEntries(sorted))}\n`);
      const found = await there('audit', 'verify', '--heads', path('changed.jsonl'));
      expect(found).toMatchObject({ code: 1, stdout: expect.stringContaining(fault) });
      expect(found.stderr).toContain('the audit log is not what was written');
    }
    await writeFile(path('changed.jsonl'), 'no head\n');
    expect(await there('audit', 'verify', '--heads', path('changed.jsonl'))).toMatchObject({ code: 2 });
    expect(await there('audit', 'verify', '--public-key', path('key'))).toMatchObject({ code: 2 });
  });

  test('that was changed on the disk is named, and doctor says so too', async () => {
    expect((await there('doctor')).stdout).toContain('the audit log was intact when it was checked');
    const [chain = ''] = await readdir(service.auditFolder).then((names) =>
      names.filter((name) => /^\d{4}-/.test(name)),
    );
    const segment = join(service.auditFolder, chain, '000001.jsonl');
    const pristine = await readFile(segment, 'utf8');
    await writeFile(segment, pristine.replace('gallery-1', 'gallery-9'));
    const changed = await there('audit', 'verify', '--json');
    expect(changed.code).toBe(1);
    expect(recordsOf(changed.stdout)).toMatchObject([
      { isIntact: false, faults: [expect.stringContaining(`${chain}/000001.jsonl, line `)] },
    ]);
    const look = await there('doctor');
    expect(look).toMatchObject({ code: 1, stdout: expect.stringContaining('the audit log is not what was written') });
    await writeFile(segment, pristine);
    expect((await there('audit', 'verify')).code).toBe(0);
  });
});

test('models are those of the data directory', async () => {
  const here = await runHere(['models', 'list', '--json'], { KITH_DATA_DIR: path('none') });
  const { code, stdout } = await there('models', 'list', '--json');
  expect(code).toBe(0);
  const packs = recordsOf(here.stdout).map(({ source, ...pack }) => pack);
  expect(packs.length).toBeGreaterThan(0);
  expect(recordsOf(stdout)).toEqual(packs);
});

describe('doctor', () => {
  const found = (stdout: string) => recordsOf(stdout).map(({ check, outcome }) => `${outcome} ${check}`);

  test('tells how the service is, and the way to it', async () => {
    const { code, stdout } = await there('doctor', '--json');
    expect(code).toBe(0);
    expect(found(stdout)).toEqual(
      ['tls', 'reach', 'time', 'ready', 'version', 'status', 'queue']
        .map((check) => `ok ${check}`)
        .concat('note backup', 'ok audit'),
    );
    const [tls] = recordsOf(stdout);
    expect(tls?.message).toMatch(/^the certificate is good for 39\d days$/);
    expect(stdout).toContain(`Kith ${packageVersion()}, as here`);
  });

  test('goes as far as the key and the certificate lead', async () => {
    const { key } = await service.deps.keys.create({ tenantId: 'home', label: 'desk', permissions: ['search'] });
    const desk = await runHere(['doctor', '--json', ...flags(await keyFile('desk', key))], {});
    expect(desk.code).toBe(0);
    expect(found(desk.stdout)).toEqual(['ok tls', 'ok reach', 'ok time', 'ok ready', 'note key']);
    const nobody = await runHere(['doctor', '--json', ...flags(await keyFile('nobody', 'kith_nobody'))], {});
    expect(nobody.code).toBe(1);
    expect(found(nobody.stdout).at(-1)).toBe('fault status');
    const untrusted = await runHere(['doctor', '--json', '--url', service.url, '--key-file', path('key')], {});
    expect(untrusted.code).toBe(1);
    expect(found(untrusted.stdout)).toEqual(['ok tls', 'fault reach']);
    expect(untrusted.stdout).toContain('--ca');
  });

  test('tells a wrong clock, one that is not ready, and who is no Kith; the key goes to none of them', async () => {
    const seen: unknown[] = [];
    let date = new Date(Date.now() - 3_600_000).toUTCString();
    let health = '{"status":"ok"}';
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.url === '/health' ? 200 : 503, { date }).end(health);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const look = () => runHere(['doctor', '--json', '--url', url, '--key-file', path('key')], {});
    try {
      const late = await look();
      expect(late.code).toBe(1);
      expect(found(late.stdout).slice(0, 4)).toEqual(['ok tls', 'ok reach', 'fault time', 'fault ready']);
      expect(late.stdout).toMatch(/its clock is (1 h 0 min|59 min \d+ s) behind/);
      date = new Date(Date.now() + 20_000).toUTCString();
      expect((await look()).stdout).toMatch(/its clock is (19|20|21) s ahead of the one here"/);
      seen.length = 0;
      health = '<h1>It works!</h1>';
      const page = await look();
      expect(page).toMatchObject({ code: 1, stdout: expect.stringContaining('is no Kith service') });
      expect(found(page.stdout)).toEqual(['ok tls', 'fault reach']);
      expect(seen).toEqual([undefined]);
    } finally {
      server.close();
    }
    const gone = await look();
    expect(gone).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing listens at') });
  });
});
