import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseServiceUrl, readServiceOptions } from './service-options.ts';

describe('an address', () => {
  test.each([
    ['https://kith.example', 'https://kith.example'],
    ['https://kith.example:8484/', 'https://kith.example:8484'],
    ['https://example.org/kith/', 'https://example.org/kith'],
    ['http://localhost:8484', 'http://localhost:8484'],
    ['http://127.0.0.1:8484', 'http://127.0.0.1:8484'],
    ['http://[::1]:8484', 'http://[::1]:8484'],
    ['http://2130706433/', 'http://127.0.0.1'],
  ])('%s is taken', (text, baseUrl) => {
    expect(parseServiceUrl(text, false)).toBe(baseUrl);
  });

  test.each([
    ['kith.example', /is the address/],
    ['ftp://kith.example', /is the address/],
    ['https://key@kith.example', /holds no key/],
    ['https://kith.example/?key=1', /ends before/],
    ['http://192.168.1.5:8484', /without TLS/],
    ['http://127.0.0.1.example.org', /without TLS/],
    ['http://localhost.example.org', /without TLS/],
  ])('%s is refused', (text, sentence) => {
    expect(() => parseServiceUrl(text, false)).toThrow(sentence);
  });

  test('of another machine without TLS is taken only when that is asked for', () => {
    expect(parseServiceUrl('http://192.168.1.5:8484', true)).toBe('http://192.168.1.5:8484');
  });
});

describe('a key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kith-key-'));
  const fileOf = (content: string | Buffer, mode = 0o600) => {
    const path = join(folder, String(Math.random()));
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const url = 'http://localhost:1';
  const notes: string[] = [];
  const terminal = { note: (line: string) => notes.push(line) };

  test('holds the key and perhaps the end of its line; others who may read it are told of', async () => {
    expect(await readServiceOptions({ url, keyFile: fileOf('kith_abc\r\n') }, terminal)).toEqual({
      baseUrl: url,
      key: 'kith_abc',
    });
    expect(notes).toEqual([]);
    await readServiceOptions({ url, keyFile: fileOf('kith_abc', 0o644) }, terminal);
    expect(notes).toEqual([expect.stringContaining('chmod 600')]);
  });

  test.each([
    ['empty', ''],
    ['of two lines', 'kith_abc\nkith_def'],
    ['of bytes', Buffer.from([0xff, 0xfe, 0x00])],
    ['too large', 'x'.repeat(5000)],
  ])('that is %s is refused, and nothing of it said', async (_, content) => {
    const failure = await readServiceOptions({ url, keyFile: fileOf(content) }, terminal).catch((error) => error);
    expect(failure.message).toMatch(/not one line with a key|too large/);
    expect(failure.message).not.toMatch(/kith_abc|xxxx/);
  });

  test('must be named; an authority must be one', async () => {
    await expect(readServiceOptions({ url }, terminal)).rejects.toThrow(/--key-file/);
    const keyFile = fileOf('kith_abc');
    await expect(readServiceOptions({ url, keyFile: join(folder, 'none') }, terminal)).rejects.toThrow(/no such file/);
    await expect(readServiceOptions({ url, keyFile, ca: keyFile }, terminal)).rejects.toThrow(/no certificate/);
  });
});
