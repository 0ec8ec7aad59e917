import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordsOf } from '../../tests/support/kith-command.ts';
import { runHere } from '../../tests/support/run-cli.ts';

// What is the same through a service is tested there: tests/e2e/cli-remote.test.ts
test('on the data directory, keys are each tenant’s own; the last one that may do everything is told of', async () => {
  const env = { KITH_DATA_DIR: join(mkdtempSync(join(tmpdir(), 'kith-keys-')), 'data') };
  const keys = (...args: string[]) => runHere(['keys', ...args, '--json'], env);
  const idOf = ({ stdout }: { readonly stdout: string }) => String(recordsOf(stdout)[0]?.keyId);
  const owner = idOf(await keys('create', '--label', 'owner'));
  const theirs = idOf(await keys('create', '--tenant', 'island'));
  expect(await keys('revoke', theirs, '--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('no key') });
  expect(await keys('revoke', owner)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/"owner" \(admin\), 1 of 1, for good, and no other key may do everything\..*--yes/),
  });
  expect(recordsOf((await keys('list')).stdout)).toMatchObject([{ keyId: owner, label: 'owner' }]);
});
