// A data directory of each schema there ever was, made by replaying the migrations up to it, is brought to this one with
// everything in it, after a copy.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GalleryRef } from '../../core/types.ts';
import { openDatabase, removeOlderSchemas } from './database.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { openSqliteStore } from './sqlite-store.ts';

const CLUB: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const newest = MIGRATIONS.at(-1)?.version ?? 0;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-older-'));
  path = join(folder, 'kith.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As that Kith would have left it: columns that every schema has. */
function makeOlder(version: number): void {
  const db = new SqliteDatabase(path);
  db.pragma('journal_mode = WAL');
  migrate(
    db,
    MIGRATIONS.filter((migration) => migration.version <= version),
  );
  db.exec(`
    INSERT INTO api_keys (key_id, tenant_id, label, sha256, permissions, created_ms)
      VALUES ('k1', 'home', 'door', randomblob(32), '["search"]', 1);
    INSERT INTO galleries (tenant_id, kind, gallery_id, name, recognition_model, persons, enrolments, created_ms, modified_ms)
      VALUES ('home', 'large-person', 'club', 'Club', 'recognition_04', 1, 1, 1, 1);
    INSERT INTO persons (gallery_no, person_id, name, wrapped_key, created_ms, modified_ms)
      VALUES (1, '11111111-1111-4111-8111-111111111111', 'Ann', x'0102', 5, 5);
    INSERT INTO enrolments (person_no, enrolment_id, left_px, top_px, width_px, height_px, quality_level, quality_reasons,
                            pack_id, created_ms)
      VALUES (1, '22222222-2222-4222-8222-222222222222', 1, 2, 3, 4, 'high', '[]', 'fast', 6);
    INSERT INTO templates (enrolment_no, sealed) VALUES (1, x'0304');
    INSERT INTO changes (op, gallery_no, enrolment_no) VALUES ('add', 1, 1);
  `);
  db.close();
}

describe.each(MIGRATIONS.map(({ version }) => version))('a database at schema %d', (version) => {
  test('is brought forward with all that is in it', async () => {
    makeOlder(version);
    const store = await openSqliteStore({ path });
    expect(await store.getGallery(CLUB)).toMatchObject({
      name: 'Club',
      retentionDays: 1096,
      consentPolicy: 'attested',
      keepPhotos: false,
    });
    const person = await store.findPersonByName(CLUB, 'Ann');
    expect(person).toMatchObject({ personId: '11111111-1111-4111-8111-111111111111', personNo: 1, createdMs: 5 });
    const [sealed] = await store.sealedEnrolmentsOf(CLUB, person?.personId ?? '');
    expect(sealed).toMatchObject({ enrolmentNo: 1, packId: 'fast', tenantId: 'home' });
    expect(Buffer.from(sealed?.sealedTemplate ?? []).toString('hex')).toBe('0304');
    expect(await store.countGallery(CLUB)).toEqual({ persons: 1, enrolments: 1 });
    expect(await store.listApiKeys()).toMatchObject([{ keyId: 'k1', permissions: ['search'] }]);
    expect(await store.lastChangeNo()).toBe(1);
    await store.updatePerson(CLUB, person?.personId ?? '', { name: 'Anna' }, 9);
    await store.close();

    const copies = readdirSync(folder).filter((name) => name.includes('schema'));
    expect(copies).toEqual(version === newest ? [] : [`kith.db.schema-${version}`]);
    if (version === newest) return;
    // What it was before is there to go back to, for its owner alone, and goes when it has to
    const copy = join(folder, copies[0] as string);
    if (process.platform !== 'win32') expect(statSync(copy).mode & 0o777).toBe(0o600);
    const old = new SqliteDatabase(copy, { readonly: true });
    expect(old.prepare('SELECT max(version) FROM schema_versions').pluck().get()).toBe(version);
    expect(old.prepare('SELECT name FROM persons').pluck().get()).toBe('Ann');
    old.close();
    removeOlderSchemas(path, Date.now() - 60_000);
    expect(existsSync(copy)).toBe(true);
    removeOlderSchemas(path);
    expect(existsSync(copy)).toBe(false);
    expect(existsSync(path)).toBe(true);
  });
});

test('an upgrade that fails leaves the database as it was, and another try works', () => {
  makeOlder(1);
  const db = new SqliteDatabase(path);
  const broken = [...MIGRATIONS, { version: newest + 1, sql: 'nonsense' }];
  expect(() => migrate(db, broken)).toThrow(/nonsense/);
  expect(db.prepare('SELECT max(version) FROM schema_versions').pluck().get()).toBe(1);
  db.close();
  openDatabase(path).close();
});
