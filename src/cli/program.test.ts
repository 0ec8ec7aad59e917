import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runHere as run } from '../../tests/support/run-cli.ts';
import { packageVersion } from '../package-version.ts';
import { REASONS } from './only-here.ts';

describe('what can not work ends with 2 and a sentence, before anything is made', () => {
  test.each([
    [['enrol', '-g', 'club'], /Name the folder/],
    [['enrol', '/nowhere/at-all', '-g', 'club'], /no such file/],
    [['enrol', 'package.json', '-g', 'club'], /not a folder/],
    [['enrol', '.', '-g', 'Club!'], /a-z, 0-9/],
    [['enrol', '.', '-g', 'club', '--jobs', '0'], /whole number from 1/],
    [['enrol', '.', '-g', 'club', '--pattern', '*.jpg'], /\{person\} exactly once/],
    [['enrol', '.', '-g', 'club', '--csv', 'a.csv', '--pattern', '{person}.jpg'], /cannot be used with/],
    [['enrol', '-g', 'club', '--csv', 'no-such.csv'], /no such file/],
    [['enrol', 'scripts', '-g', 'club'], /no photos in scripts/],
    [['identify', 'x.jpg', '-g', 'club'], /There is no data/],
    [['identify', 'x.jpg', '-g', 'club', '--threshold', '1.5'], /from 0 to 1/],
    [['identify', 'a.png', '-g', 'club', '--annotate', 'a.png'], /the photo itself/],
    [['identify', 'a.jpg', 'b.jpg', '-g', 'club', '--annotate', 'a.png'], /one picture for 2 photos/],
    [['identify', 'x.jpg'], /--gallery/],
    [['people', 'list', '-g', 'club'], /There is no data/],
    [['keys', 'create', '--permission', 'everything'], /There is no permission "everything"/],
    [['cert', '--host', 'https://kith.lan'], /neither a host name/],
    [['evaluate', 'scripts', '--report', 'package.json'], /no report of kith evaluate/],
    [['add', 'people'], /There is no "kith add"; use kith enrol <folder>/],
    [['people', 'add', 'Ann'], /There is no "kith people add"; use kith enrol <folder>/],
    [['person', 'list'], /use kith people list/],
    [['search', 'x.jpg'], /use kith identify/],
    [['people', 'remove', 'Ann'], /use kith people erase/],
    [['idetify', 'x.jpg'], /Did you mean kith identify\?/],
    [['people', 'lst', '-g', 'club'], /Did you mean kith people list\?/],
    [['audit', 'zzz'], /kith audit --help lists/],
    [['\u001b[31mred'], /There is no "kith \\u\{1b\}\[31mred"/],
    [['people', 'list'], /kith gallery list names those/],
    [['enrol'], /kith enrol \.\/people --gallery family/],
    [['import', 'scripts'], /is a folder.*kith enrol scripts --gallery/],
    [['import', 'members.csv'], /no such file/],
    [['import', 'package.json'], /no exported gallery.*kith enrol <folder>/],
    [['models', 'check', 'nosuch'], /There is no added model "nosuch"; none was added/],
    [['nonsense'], /There is no "kith nonsense": kith --help/],
  ])('%j', async (argv, sentence) => {
    const dataDir = join(mkdtempSync(join(tmpdir(), 'kith-usage-')), 'data');
    const result = await run(argv, { KITH_DATA_DIR: dataDir });
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(sentence) });
    expect(result.stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(join(dataDir, '..'))).toEqual([]);
  });

  test('bad settings are named all at once', async () => {
    const result = await run(['people', 'list', '-g', 'x'], { KITH_PORT: 'eighty', KITH_PROT: '1' });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(/KITH_PORT.*\n.*KITH_PROT/) });
  });
});

test('who would import a spreadsheet is told what takes it', async () => {
  const list = join(mkdtempSync(join(tmpdir(), 'kith-list-')), 'members.csv');
  writeFileSync(list, 'person,file\nAnn,ann.jpg\n');
  const { code, stderr } = await run(['import', list]);
  expect(code).toBe(2);
  expect(stderr).toContain(`kith enrol --csv ${list} --gallery <gallery>`);
});

/** The names below "Commands:". */
function commandsIn(help: string): readonly string[] {
  const [, list = ''] = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(help) ?? [];
  return [...list.matchAll(/^ {2}(\S+)/gm)].flatMap(([, name]) =>
    name === undefined || name === 'help' ? [] : [name],
  );
}

async function helpOfAll(
  path: readonly string[],
): Promise<readonly { readonly path: string; readonly help: string }[]> {
  const { code, stdout } = await run([...path, '--help']);
  expect(code).toBe(0);
  const below = commandsIn(stdout);
  if (below.length === 0) return [{ path: path.join(' '), help: stdout }];
  const pages = [];
  for (const name of below) pages.push(...(await helpOfAll([...path, name])));
  return pages;
}

test('every command there is tells what it does, with an example that calls it, and takes --json', async () => {
  const pages = await helpOfAll([]);
  expect(pages.length).toBeGreaterThan(50);
  for (const { path, help } of pages) {
    const [, examples = ''] = /\nExamples?:\n((?: {2}.*\n?)+)/.exec(help) ?? [];
    expect(examples, path).toContain(`kith ${path}`);
    expect(help, path).toContain('--json');
  }
  const commands =
    'serve demo cert enrol identify verify detect group duplicates people gallery keys consent backup restore export import audit evaluate doctor bench upgrade';
  const top = await run(['--help']);
  expect(commandsIn(top.stdout)).toEqual(expect.arrayContaining(commands.split(' ')));
  expect(top.stdout).toContain('Exit codes: 0');
});

test('the version is told, whatever command stands beside it', async () => {
  for (const argv of [['--version'], ['people', 'list', '--version']]) {
    expect(await run(argv)).toEqual({ code: 0, stdout: `kith ${packageVersion()}\n`, stderr: '' });
  }
});

describe('a service to work through', () => {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'kith-key-')), 'key');
  writeFileSync(keyFile, 'kith_0123456789abcdef', { mode: 0o600 });
  const service = ['--url', 'http://localhost:1', '--key-file', 'none'];
  test.each([
    [['backup', '--to', 'x', ...service], /kith backup doesn't work through a service: it works on the files/],
    [
      ['gallery', 'rekey', 'club', ...service],
      /kith gallery rekey doesn't work through a service: it needs the master key/,
    ],
    [['keys', 'list', '--tenant', 'x', '--url', 'http://localhost:1', '--key-file', keyFile], /leave out --tenant/],
    [['people', 'list', '-g', 'x', '--url', 'http://kith.example', '--key-file', 'none'], /without TLS/],
    [['people', 'list', '-g', 'x', '--url', 'http://localhost:1'], /--key-file/],
    [['people', 'list', '-g', 'x', '--data-dir', 'x', ...service], /two places/],
    [['people', 'list', '-g', 'x', '--key-file', 'x'], /say where it is with --url/],
    [['duplicates', '-g', 'x', '--ca', 'x'], /say where it is with --url/],
  ])('%j is refused with a sentence, before anything is sent', async (argv, sentence) => {
    expect(await run(argv)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(sentence) });
  });
});

test('the table of what works without --url only is that of the refusals, and each of them is given', async () => {
  const docs = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
  const [, table = ''] = /\| command \| why \|\n\|[-|]+\|\n((?:\|.*\n)+)/.exec(docs) ?? [];
  const rows = [...table.matchAll(/^\| (.*?) \| (.*?) \|$/gm)];
  const listed = rows.flatMap(([, commands = '', why = '']) =>
    [...commands.matchAll(/`([^`]+)`/g)].map(([, command = '']) => [command, why] as const),
  );
  expect(listed.map(([command]) => command).sort()).toEqual(Object.keys(REASONS).sort());
  const together = new Set(['serve', 'demo', 'identity', 'cert']);
  for (const [command, why] of listed) {
    if (!together.has(command)) expect(REASONS[command], command).toContain(why);
  }
  for (const argv of ONLY_HERE) {
    const result = await run([...argv, '--url', 'http://localhost:1', '--key-file', 'none']);
    expect(result, argv.join(' ')).toMatchObject({ code: 2, stdout: '' });
    const why = Object.entries(REASONS).find(([command]) => argv.join(' ').startsWith(command))?.[1];
    expect(result.stderr, argv.join(' ')).toContain(` doesn't work through a service: ${why}.`);
  }
});

const ONLY_HERE = [
  ['vault', 'rotate'],
  ['gallery', 'rekey', 'x'],
  ['gallery', 'upgrade-model', 'x', '--to', 'y'],
  ['backup', '--to', 'x'],
  ['restore', 'x'],
  ['migrate', '--from', 'data', '--to', 'postgres://x'],
  ['upgrade'],
  ['export', 'x', '--to', 'x', '--recipient', 'x'],
  ['import', 'x', '--as', 'x', '--identity-file', 'x'],
  ['protect', 'report', 'a', 'b'],
  ['tenants', 'create', 'x'],
  ['tenants', 'list'],
  ['tenants', 'delete', 'x'],
  ['models', 'add', 'x'],
  ['models', 'check'],
  ['models', 'calibrate', 'x', 'y'],
  ['evaluate', 'x'],
  ['bench'],
  ['identity', 'x'],
  ['cert'],
  ['demo'],
  ['serve'],
];
