import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { recordsOf } from '../../tests/support/kith-command.ts';
import { runHere } from '../../tests/support/run-cli.ts';

let env: Readonly<Record<string, string>>;
beforeEach(() => {
  env = { KITH_DATA_DIR: join(mkdtempSync(join(tmpdir(), 'kith-keys-')), 'data') };
});

const keys = (...args: string[]) => runHere(['keys', ...args], env);

async function run(...args: string[]) {
  const { code, stdout, stderr } = await keys(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return recordsOf(stdout);
}

async function create(...args: string[]): Promise<string> {
  const [made] = await run('create', ...args);
  return String(made?.keyId);
}

test('a key is ended once it is said that it is meant; whom that shuts out is told first', async () => {
  const desk = await create('--label', 'front desk', '--permission', 'search', 'search');
  const admin = await create('--label', 'owner');
  expect(await keys('revoke', desk)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/ends the key "front desk" \(search\), 1 of 2, for good\..*--yes/),
  });
  expect((await keys('revoke', admin)).stderr).toContain('and no other key may do everything');
  expect(await run('list')).toHaveLength(2);
  expect(await run('revoke', desk, '--yes')).toEqual([{ type: 'key-revoked', keyId: desk }]);
  expect((await run('list')).map(({ label }) => label)).toEqual(['owner']);
  expect(await keys('revoke', desk, '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('no key') });
});

test('another tenant’s keys are neither listed nor ended', async () => {
  const theirs = await create('--tenant', 'island');
  expect(await run('list')).toEqual([]);
  expect(await keys('revoke', theirs, '--yes')).toMatchObject({ code: 2 });
  expect(await keys('rotate', theirs)).toMatchObject({ code: 2 });
  const [second] = await run('rotate', theirs, '--tenant', 'island');
  expect(second).toMatchObject({ insteadOf: theirs, key: expect.any(String) });
  expect(await run('list', '--tenant', 'island')).toHaveLength(2);
});

test.each([
  [['--label', ''], /needs a label/],
  [['--label', 'x'.repeat(101)], /at most 100 characters/],
  [['--gallery', 'Not An Id'], /a-z, 0-9/],
])('%j makes no key', async (args, sentence) => {
  expect(await keys('create', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(sentence) });
  expect(await run('list')).toEqual([]);
});
