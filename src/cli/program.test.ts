import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { runCli } from './program.ts';

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const collect = () => {
    const stream = new PassThrough();
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
  };
  const stdout = collect();
  const stderr = collect();
  const code = await runCli(argv, { env, stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

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
    [['nonsense'], /unknown command/],
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

test('help names every command, and each command its options and an example', async () => {
  const top = await run(['--help']);
  expect(top.code).toBe(0);
  for (const command of ['enrol', 'identify', 'verify', 'detect', 'cert', 'demo', 'serve']) {
    expect(top.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    const { code, stdout } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}.*kith /);
    expect(stdout).toContain('--json');
  }
  expect(top.stdout).toContain('Exit codes: 0');
});
