import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOrCreateMasterKey } from './master-key.ts';
import { openVault } from './vault.ts';

const onPosix = test.skipIf(process.platform === 'win32');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-master-key-'));
  path = join(folder, 'data', 'master.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is made once, and read from then on', async () => {
  const key = readOrCreateMasterKey(path);
  expect(key).toHaveLength(32);
  expect(readOrCreateMasterKey(path)).toEqual(key);
  expect(new Uint8Array(readFileSync(path))).toEqual(key);
  expect(readdirSync(join(folder, 'data'))).toEqual(['master.key']);
  expect(readOrCreateMasterKey(join(folder, 'data', 'other.key'))).not.toEqual(key);

  const vault = await openVault({ masterKeyPath: path });
  const probe = vault.sealProbe('home', Float32Array.of(1, 0));
  expect((await openVault({ masterKey: key })).openProbe('home', probe)).toEqual(Float32Array.of(1, 0));
});

test('is one and the same for processes that start for the first time at once', async () => {
  const rounds = 20;
  const module = JSON.stringify(new URL('./master-key.ts', import.meta.url).href);
  // Waits by the clock, so that all processes look for the file of a round in the same moment
  const script = `Promise.all([import(${module}), import('node:crypto')]).then(([{ readOrCreateMasterKey }, { createHash }]) => {
    console.log('ready');
    process.stdin.once('data', (startMs) => {
      const read = Array.from({ length: ${rounds} }, (_, round) => {
        while (Date.now() < Number(startMs) + 20 * round);
        return createHash('sha256').update(readOrCreateMasterKey(${JSON.stringify(path)} + round)).digest('hex');
      });
      console.log(read.join());
      process.exit();
    });
  })`;
  const starts = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, nextLine: async () => (await lines.next()).value as string | undefined };
  });
  expect(await Promise.all(starts.map(({ nextLine }) => nextLine()))).toEqual(Array(4).fill('ready'));
  for (const { child } of starts) child.stdin.write(String(Date.now() + 50));
  const read = await Promise.all(starts.map(({ nextLine }) => nextLine()));
  const names = Array.from({ length: rounds }, (_, round) => `master.key${round}`);
  const kept = names.map((name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, 'data', name)))
      .digest('hex'),
  );
  expect(read).toEqual(Array(4).fill(kept.join()));
  // No half-made file is left
  expect(readdirSync(join(folder, 'data')).sort()).toEqual(names.sort());
});

test('that is lost is not made anew beside what it sealed', async () => {
  await expect(openVault({ masterKeyPath: path, mustExist: true })).rejects.toThrow(
    /is missing, and what is stored here was sealed under it\. Put it back from your backup/,
  );
  expect(existsSync(path)).toBe(false);
  const key = readOrCreateMasterKey(path);
  expect(readOrCreateMasterKey(path, { mustExist: true })).toEqual(key);
});

onPosix('is readable by its owner only', () => {
  readOrCreateMasterKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
});

onPosix.each([0o640, 0o604, 0o660, 0o644, 0o610, 0o777])('with mode %o is refused, with what to do', async (mode) => {
  readOrCreateMasterKey(path);
  chmodSync(path, mode);
  await expect(openVault({ masterKeyPath: path })).rejects.toThrow(`Make it private with: chmod 600 ${path}`);
});

onPosix('may be read-only, as secrets are mounted', () => {
  const key = readOrCreateMasterKey(path);
  chmodSync(path, 0o400);
  expect(readOrCreateMasterKey(path)).toEqual(key);
});

test.each([0, 1, 31, 33, 64])('of %i bytes is refused and stays as it is', async (length) => {
  readOrCreateMasterKey(path);
  writeFileSync(path, Buffer.alloc(length, 7));
  await expect(openVault({ masterKeyPath: path })).rejects.toThrow(
    new RegExp(`must have 32 bytes and has ${length}\\. Put the right file back from your backup`),
  );
  expect(readFileSync(path)).toEqual(Buffer.alloc(length, 7));
});

test('in a place that is not there for us is refused by the system', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(openVault({ masterKeyPath: join(folder, 'file', 'master.key') })).rejects.toThrow(/ENOTDIR|EEXIST/);
});
