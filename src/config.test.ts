import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

test('an empty environment gives a service on loopback', () => {
  expect(loadConfig({})).toMatchObject({ host: '127.0.0.1', port: 8484, imageHosts: [], apiKey: undefined });
});

test('an empty variable counts as unset', () => {
  expect(loadConfig({ KITH_PORT: '', KITH_API_KEY: '' })).toMatchObject({ port: 8484, apiKey: undefined });
});

test('every bad value is reported at once', () => {
  const load = () =>
    loadConfig({
      KITH_PORT: '70000',
      KITH_API_KEY: 'short',
      KITH_TLS_CERT: '/nowhere/cert.pem',
      KITH_ALLOW_PLAIN_HTTP: 'yes',
      KITH_LOG_LEVEL: 'loud',
      KITH_RECOGNITION_MODELS: 'recognition_04',
      KITH_PROT: '1',
    });
  const faults = catchFaults(load);
  const named = ['KITH_PORT:', 'KITH_API_KEY:', 'KITH_TLS_CERT:', 'KITH_ALLOW_PLAIN_HTTP:', 'KITH_LOG_LEVEL:'];
  for (const start of [...named, 'KITH_RECOGNITION_MODELS:', 'KITH_PROT: there is no such setting']) {
    expect(faults.some((fault) => fault.startsWith(start))).toBe(true);
  }
});

test.each(['0x1F', '1e3', '-1', ' 80', '80.5', '65536'])('port "%s" is refused', (port) => {
  expect(() => loadConfig({ KITH_PORT: port })).toThrow(ConfigError);
});

test.each(['0.0.0.0', '::', '192.168.1.20', 'kith.example.org'])(
  'beyond loopback (%s) TLS or a flag is needed',
  (host) => {
    expect(() => loadConfig({ KITH_HOST: host })).toThrow(/KITH_TLS_CERT/);
    expect(loadConfig({ KITH_HOST: host, KITH_ALLOW_PLAIN_HTTP: 'true' }).host).toBe(host);
  },
);

test('recognition models map to packs by name', () => {
  const { recognitionModels } = loadConfig({ KITH_RECOGNITION_MODELS: 'recognition_03=fast, recognition_04=accurate' });
  expect([...recognitionModels]).toEqual([
    ['recognition_03', 'fast'],
    ['recognition_04', 'accurate'],
  ]);
});

test("the database's password comes from a file of its own, whatever is in it", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kith-password-'));
  try {
    const path = join(folder, 'password');
    const load = (url: string) => loadConfig({ KITH_STORE: url, KITH_STORE_PASSWORD_FILE: path });
    await writeFile(path, 'pa$&ss:w@rd/?#%\n');
    const { storeUrl = '' } = load('postgres://kith@one:5432,two:5433/faces?schema=club');
    expect(storeUrl).toMatch(/^postgres:\/\/kith:[^@]+@one:5432,two:5433\/faces\?schema=club$/);
    expect(decodeURIComponent(/kith:([^@]+)@/.exec(storeUrl)?.[1] ?? '')).toBe('pa$&ss:w@rd/?#%');

    expect(catchFaults(() => load('postgres://kith:other@one/faces'))).toEqual([expect.stringMatching(/no password/)]);
    expect(catchFaults(() => load('postgres://one/faces'))).toEqual([expect.stringMatching(/name a user/)]);
    expect(catchFaults(() => loadConfig({ KITH_STORE_PASSWORD_FILE: path }))).toHaveLength(1);
    for (const text of ['', '\n', 'two\nlines\n']) {
      await writeFile(path, text);
      expect(catchFaults(() => load('postgres://kith@one/faces'))).toEqual([expect.stringMatching(/is not one line/)]);
    }
    await rm(path);
    expect(catchFaults(() => load('postgres://kith@one/faces'))).toEqual([expect.stringMatching(/can't be read/)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

function catchFaults(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
  }
  throw new Error('nothing was refused');
}
