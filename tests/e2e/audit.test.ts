// `kith audit` as an auditor runs it, on a log that real processes wrote.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR, openTestLog, searchEvent, tickingClock } from '../support/audit-logs.ts';
import { kith, recordsOf } from '../support/kith-command.ts';

const HOUR_MS = 3_600_000;
let dataDir: string;
let chains: string[];
let segment: string;
let pristine: string;

const audit = (...args: string[]) => kith(['audit', ...args], { env: { KITH_DATA_DIR: dataDir } });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kith-audit-cli-'));
  const folder = join(dataDir, 'audit');
  const morning = await openTestLog(folder, { clock: tickingClock(Date.UTC(2031, 4, 1, 8)) });
  const noon = await openTestLog(folder, {
    clock: tickingClock(Date.UTC(2031, 4, 1, 8) + HOUR_MS),
    part: 'command-line',
  });
  await morning.actingAs(ACTOR).record(searchEvent('ann', 0.91));
  await noon.actingAs(ACTOR).record(searchEvent('bob'));
  await morning.actingAs({ tenantId: 'another', keyId: '=HYPERLINK("x")' }).record(searchEvent('cleo'));
  await noon.actingAs(ACTOR).record({
    action: 'erase-person',
    outcome: 'done',
    gallery: { kind: 'person', galleryId: 'staff' },
    personIds: ['ann'],
    counts: { enrolments: 2 },
  });
  chains = [morning.chain, noon.chain];
  await morning.close();
  await noon.close();
  segment = join(folder, morning.chain, '000001.jsonl');
  pristine = await readFile(segment, 'utf8');
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe('verify', () => {
  test('says how far each chain reaches', async () => {
    const { code, stdout } = await audit('verify');
    expect(code).toBe(0);
    expect(stdout).toContain(`${chains[0]}: 5 records from 2031-05-01T08:00:01.000Z to `);
    expect(stdout.match(/, intact, all signed$/gm)).toHaveLength(2);
    expect(recordsOf((await audit('verify', '--json')).stdout)).toMatchObject([
      { type: 'audit-chain', chain: chains[0], records: 5, signedSeq: 5 },
      { type: 'audit-chain', chain: chains[1], records: 5, signedSeq: 5 },
    ]);
  });

  test('names the first bad line and ends with 1', async () => {
    await writeFile(segment, pristine.replace('"ann"', '"eve"'));
    const { code, stdout, stderr } = await audit('verify');
    await writeFile(segment, pristine);
    expect(code).toBe(1);
    expect(stdout).toContain(`${chains[0]}/000001.jsonl, line 3: altered.`);
    expect(stdout).toContain(`${chains[1]}: 5 records`);
    expect(stderr).toBe('kith: the audit log is not what was written.\n');
  });

  test('holds the log against a key and heads kept elsewhere', async () => {
    const key = join(dataDir, 'kept.pem');
    const heads = join(dataDir, 'kept.jsonl');
    await copyFile(join(dataDir, 'audit', 'public-key.pem'), key);
    await writeFile(heads, (await audit('heads')).stdout);
    expect(await audit('verify', '--public-key', key, '--heads', heads)).toMatchObject({ code: 0 });
    await writeFile(heads, (await readFile(heads, 'utf8')).replace('"seq":5', '"seq":9'));
    const refused = await audit('verify', '--heads', heads);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('is not signed by this log');
    expect(await audit('verify', '--heads', segment)).toMatchObject({ code: 2 });
  });

  test('says so when there is no log', async () => {
    const { code, stderr } = await kith(['audit', 'verify', '--data-dir', join(dataDir, 'nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kith: The audit log's public key .* can't be read: there is no such file\.\n$/);
  });
});

describe('export', () => {
  test('merges the chains by time', async () => {
    const { code, stdout, stderr } = await audit('export');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '10 records\n' });
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const times = records.map(({ time }) => String(time));
    expect(times).toEqual([...times].sort());
    expect(records.filter(({ chain }) => chain === chains[0]).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(records[2]).toMatchObject({ action: 'search', tenantId: 'clinic', keyId: 'key-1', seq: 3 });
  });

  test.each([
    [['--tenant', 'another'], ['search']],
    [
      ['--person', 'ann'],
      ['search', 'erase-person'],
    ],
    [
      ['--until', '2031-05-01T08:30'],
      ['chain-start', 'use-start', 'search', 'search', 'use-end'],
    ],
    [
      ['--from', '2031-05-01T10:30+01:30', '--tenant', 'clinic'],
      ['search', 'erase-person'],
    ],
    [['--from', '2031-05-02'], []],
  ])('%j', async (options, actions) => {
    const { stdout } = await audit('export', ...options);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line).action)).toEqual(actions);
  });

  test('writes CSV in which nothing is a formula', async () => {
    const { stdout } = await audit('export', '--format', 'csv');
    expect(stdout).toMatch(/^time,chain,seq,tenantId,keyId,action,outcome,/);
    const rows = parse(stdout, { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(10);
    expect(rows[2]).toMatchObject({ galleryId: 'staff', candidatePersonIds: 'ann', thresholdScore: '0.42' });
    expect(rows.map(({ keyId }) => keyId)).toContain('\'=HYPERLINK("x")');
    expect(rows.at(-2)).toMatchObject({ action: 'erase-person', personIds: 'ann', counts: '{"enrolments":2}' });
  });

  test('ends before what was changed, and says where', async () => {
    await writeFile(segment, pristine.replace('"cleo"', '"dora"'));
    const { code, stdout, stderr } = await audit('export');
    await writeFile(segment, pristine);
    expect(code).toBe(1);
    expect(stdout).not.toContain('dora');
    expect(stderr).toContain(`${chains[0]}/000001.jsonl, line 4: altered.`);
  });

  test('refuses a time that is none', async () => {
    const { code, stderr } = await audit('export', '--from', 'yesterday');
    expect(code).toBe(2);
    expect(stderr).toContain('It is a date or a time');
  });
});
