import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { galleryRef, newEnrolment, newPerson } from '../../../tests/support/store-contract/samples.ts';
import { KithError } from '../../core/errors.ts';
import { explainFailure } from './explain-failure.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-failure-'));
  path = join(folder, 'kith.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ref = galleryRef({ tenantId: 'home' });
const gallery = { ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 };
const DAMAGED = /is damaged and was left untouched\. Restore a backup, or move the file away/;

describe('what passes is an outage', () => {
  /** The explanation of what SQLite really throws. */
  function explained(provoke: (db: Database) => void, options: SqliteDatabase.Options = {}): unknown {
    const db = new SqliteDatabase(path, options);
    try {
      provoke(db);
    } catch (error) {
      return explainFailure(error, path);
    } finally {
      db.close();
    }
    throw new Error('nothing failed');
  }

  test('a full disk', () => {
    const outage = explained((db) => {
      db.exec('CREATE TABLE t (a)');
      db.pragma('max_page_count = 3');
      db.exec('INSERT INTO t VALUES (zeroblob(100000))');
    });
    expect(outage).toBeInstanceOf(KithError);
    expect(outage).toMatchObject({
      message: 'The disk that holds the database is full, so nothing was done.',
      problem: { kind: 'unavailable', part: 'store', retryAfterS: 5 },
      cause: { code: 'SQLITE_FULL' },
    });
  });

  test('another process that holds the database', () => {
    const other = new SqliteDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    const outage = explained((db) => db.exec('BEGIN IMMEDIATE'), { timeout: 0 });
    other.close();
    expect(outage).toMatchObject({ problem: { kind: 'unavailable', part: 'store', retryAfterS: 1 } });
  });

  test('a file that can only be read', () => {
    new SqliteDatabase(path).exec('CREATE TABLE t (a)').close();
    const outage = explained((db) => db.exec('DELETE FROM t'), { readonly: true });
    expect(outage).toMatchObject({
      message: expect.stringContaining('(SQLITE_READONLY)'),
      problem: { kind: 'unavailable' },
    });
  });

  test('but neither a bug nor a commit of which nobody knows what became', () => {
    const bug = explained((db) => db.exec('nonsense'));
    expect(bug).toMatchObject({ name: 'SqliteError', code: 'SQLITE_ERROR' });
    const lost = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    expect(explainFailure(lost, path)).toBe(lost);
    expect(explainFailure(undefined, path)).toBeUndefined();
  });
});

describe('damage is told with what to do', () => {
  async function fill(): Promise<void> {
    const store = await openSqliteStore({ path });
    await store.createGallery(gallery);
    const batch = Array.from({ length: 200 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
    await store.importPersons(ref, batch);
    await store.close();
  }

  test('at the start, of a file that was cut', async () => {
    await fill();
    const bytes = readFileSync(path).length;
    truncateSync(path, Math.floor(bytes / 2));
    await expect(openSqliteStore({ path })).rejects.toThrow(DAMAGED);
    expect(readFileSync(path)).toHaveLength(Math.floor(bytes / 2));
  });

  test('by the first to read it, of a page in the middle', async () => {
    await fill();
    const db = new SqliteDatabase(path, { readonly: true });
    const leaf = db
      .prepare<[], { at: number; size: number }>(
        `SELECT pgoffset AS at, pgsize AS size FROM dbstat WHERE name = 'templates' AND pagetype = 'leaf' LIMIT 1`,
      )
      .get();
    db.close();
    if (!leaf) throw new Error('no template was stored');
    const bytes = readFileSync(path).fill(0xa5, leaf.at, leaf.at + leaf.size);
    writeFileSync(path, bytes);
    const store = await openSqliteStore({ path });
    await expect(store.scanEnrolments(0, 1000)).rejects.toThrow(DAMAGED);
    await store.close();
  });
});

const canMount = ((): boolean => {
  const probe = mkdtempSync(join(tmpdir(), 'kith-mount-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
  if (isMounted) execFileSync('umount', [probe]);
  rmSync(probe, { recursive: true });
  return isMounted;
})();

describe.skipIf(!canMount)('a disk that fills up (skipped where a tmpfs may not be mounted)', () => {
  const disk = () => join(folder, 'disk');
  const ballast = () => join(disk(), 'ballast');
  beforeEach(() => {
    mkdirSync(disk());
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk()]);
    path = join(disk(), 'kith.db');
  });
  afterEach(() => execFileSync('umount', [disk()]));

  const fillUp = () => expect(() => writeFileSync(ballast(), Buffer.alloc(32 * 1024 * 1024))).toThrow('ENOSPC');

  test('refuses writes whole, answers reads, and takes writes again when there is room', async () => {
    const store = await openSqliteStore({ path });
    await store.createGallery(gallery);
    const { personId } = await store.createPerson(ref, newPerson(), 10);
    fillUp();

    const kept = { persons: 1, enrolments: 0 };
    const refused: unknown[] = [];
    for (let round = 0; refused.length < 20; round++) {
      expect(round).toBeLessThan(1000);
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 4 }, () => store.addEnrolment(ref, personId, newEnrolment(), 1e6)),
        store.importPersons(
          ref,
          Array.from({ length: 20 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] })),
        ),
      ]);
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome.status === 'rejected') refused.push(outcome.reason);
        else if (i < 4) kept.enrolments++;
        else {
          kept.persons += 20;
          kept.enrolments += 20;
        }
      }
    }
    for (const reason of refused) {
      expect(reason).toBeInstanceOf(KithError);
      expect(reason).toMatchObject({ problem: { kind: 'unavailable', part: 'store', retryAfterS: 5 } });
    }
    const expectExactly = async ({ persons, enrolments }: typeof kept) => {
      expect(await store.countGallery(ref)).toEqual({ persons, enrolments });
      expect(await store.listPersons(ref, { limit: 10_000 })).toHaveLength(persons);
      expect(await store.scanEnrolments(0, 10_000)).toHaveLength(enrolments);
      expect(await store.changesAfter(0, 10_000)).toHaveLength(enrolments);
    };
    await expectExactly(kept);

    rmSync(ballast());
    await store.addEnrolment(ref, personId, newEnrolment(), 1e6);
    await expectExactly({ ...kept, enrolments: kept.enrolments + 1 });
    await store.close();
  });

  test('at a start is told, and the next start finds everything', async () => {
    const store = await openSqliteStore({ path });
    await store.createGallery(gallery);
    await store.close();
    fillUp();
    await expect(openSqliteStore({ path })).rejects.toThrow(/so nothing was done/);
    rmSync(ballast());
    const again = await openSqliteStore({ path });
    expect(await again.findGallery(ref)).toMatchObject({ name: 'g' });
    await again.close();
  });
});
