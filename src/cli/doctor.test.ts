import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import { openDatabase } from '../store/sqlite/database.ts';
import { makeCertificates } from './certificates.ts';
import { checkAudit, checkData, checkDatabaseFile, checkMasterKey } from './doctor/data-checks.ts';
import { checkDisk } from './doctor/machine-checks.ts';
import { checkPostgres } from './doctor/postgres-check.ts';
import { checkTls } from './doctor/tls-check.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'kith-doctor-'));
const at = (dataDir: string, env: Readonly<Record<string, string>> = {}) =>
  loadConfig({ KITH_DATA_DIR: dataDir, ...env });

describe('the data directory', () => {
  test('that is not there yet is no fault, and neither is its disk', async () => {
    const config = at(join(newFolder(), 'not', 'yet'));
    expect(await checkData(config)).toMatchObject({ outcome: 'note' });
    expect(await checkDisk(config)).toMatchObject({ outcome: 'ok', message: expect.stringContaining('GB are free') });
    expect([await checkMasterKey(config), await checkDatabaseFile(config), await checkAudit(config)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('that others may enter, or that is a file, says what to do', async () => {
    const folder = newFolder();
    chmodSync(folder, 0o755);
    expect(await checkData(at(folder))).toMatchObject({
      outcome: 'fault',
      message: expect.stringContaining(`chmod 700 ${folder}`),
    });
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await checkData(at(file))).toMatchObject({
      outcome: 'fault',
      message: expect.stringContaining('is a file'),
    });
  });

  test('with a database of another Kith', async () => {
    const folder = newFolder();
    openDatabase(join(folder, 'kith.db')).close();
    expect(await checkDatabaseFile(at(folder))).toMatchObject({ outcome: 'ok' });
    const db = new SqliteDatabase(join(folder, 'kith.db'));
    db.exec('DELETE FROM schema_versions WHERE version = (SELECT max(version) FROM schema_versions)');
    expect(await checkDatabaseFile(at(folder))).toMatchObject({
      outcome: 'note',
      message: expect.stringContaining('the next start brings it to'),
    });
    db.exec('INSERT INTO schema_versions (version, applied_ms) VALUES (9999, 0)');
    db.close();
    await expect(checkDatabaseFile(at(folder))).rejects.toThrow(/schema 9999/);
  });
});

describe('TLS', () => {
  test('certificates are looked at with their keys, their rights and their time', async () => {
    const folder = newFolder();
    const { server } = await makeCertificates();
    const other = await makeCertificates();
    const path = (name: string, content: string, mode = 0o600) => {
      const file = join(folder, name);
      writeFileSync(file, content, { mode });
      return file;
    };
    const cert = path('cert.pem', server.cert);
    const key = path('key.pem', server.key);
    const check = (KITH_TLS_CERT: string, KITH_TLS_KEY: string) =>
      checkTls({ ...at(folder), tlsCertPath: KITH_TLS_CERT, tlsKeyPath: KITH_TLS_KEY });
    expect(await check(cert, key)).toMatchObject({ outcome: 'ok', message: expect.stringMatching(/39\d days/) });
    const faults = [
      [cert, path('other.pem', other.server.key), /not the key of/],
      [cert, path('open.pem', server.key, 0o644), /chmod 600/],
      [cert, join(folder, 'none.pem'), /KITH_TLS_KEY: .*no such file/],
      [join(folder, 'none.pem'), key, /KITH_TLS_CERT: .*no such file/],
    ] as const;
    for (const [certPath, keyPath, sentence] of faults) {
      expect(await check(certPath, keyPath)).toMatchObject({
        outcome: 'fault',
        message: expect.stringMatching(sentence),
      });
    }
  });
});

test('a database that does not answer is a fault, and its password stays unsaid', async () => {
  const config = at(newFolder(), { KITH_STORE: 'postgres://kith:geheim@127.0.0.1:1/kith' });
  const failure = await Promise.resolve(checkPostgres(config)).catch((error: Error) => error.message);
  expect(failure).toMatch(/ECONNREFUSED/);
  expect(failure).not.toContain('geheim');
});
