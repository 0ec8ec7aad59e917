// What a command loads before it works: a driver that it doesn't use costs more than most commands themselves.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Modules of CommonJS, as both drivers are, are in the cache of `require` however they were imported. */
const TELL_LOADED = `
  import { createRequire } from 'node:module';
  process.on('exit', () => {
    const files = Object.keys(createRequire(process.argv[1]).cache);
    const named = ['pg', 'better-sqlite3'].filter((name) => files.some((file) => file.includes('/node_modules/' + name + '/')));
    process.stderr.write('\\nloaded: ' + named.join(' '));
  });`;

let dataDir: string;
let keyFile: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kith-start-'));
  keyFile = join(dataDir, 'key');
  await writeFile(keyFile, 'kith_0123456789abcdef', { mode: 0o600 });
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function loadedBy(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const probe = `data:text/javascript,${encodeURIComponent(TELL_LOADED)}`;
  const run = promisify(execFile)(process.execPath, ['--import', probe, cli, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, KITH_DATA_DIR: dataDir, ...env },
  });
  // Some end with an exit code of their own
  const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
  const [, names] = /^loaded: (.*)$/m.exec(stderr) ?? [];
  if (names === undefined) throw new Error(`nothing told what was loaded: ${stderr}`);
  return names.split(' ').filter((name) => name !== '');
}

test('a command loads the database driver that it uses, and no other', async () => {
  expect(await loadedBy(['--version'])).toEqual([]);
  expect(await loadedBy(['detect', 'missing.jpg', '--url', 'https://127.0.0.1:9', '--key-file', keyFile])).toEqual([]);
  expect(await loadedBy(['gallery', 'create', 'club'])).toEqual(['better-sqlite3']);
  expect(await loadedBy(['gallery', 'list'])).toEqual(['better-sqlite3']);
  const nobody = { KITH_STORE: 'postgres://kith:x@127.0.0.1:1/kith' };
  expect(await loadedBy(['audit', 'verify'], nobody)).toContain('pg');
});
