import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { galleryRef, newEnrolment, newPerson } from '../../../tests/support/store-contract/samples.ts';
import { KithError } from '../../core/errors.ts';
import type { WriteMethod } from '../methods.ts';
import { openDatabase } from './database.ts';
import { PendingCalls } from './pending-calls.ts';
import { tables } from './tables.ts';
import { createWriter } from './writer.ts';
import { openWriterThread, spawnWriter } from './writer-thread.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kith-writer-'));
  path = join(folder, 'kith.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ref = galleryRef({ tenantId: 'home' });
const gallery = { ...ref, name: 'g', recognitionModel: 'r', createdMs: 1 };

function startWriter(db: Database) {
  const pending = new PendingCalls();
  const writer = createWriter(db, (answers) => pending.settle(answers));
  return {
    close: () => writer.close(),
    call(method: WriteMethod, ...args: readonly unknown[]): Promise<unknown> {
      const { call, result } = pending.begin(method, args);
      writer.submit(call);
      return result;
    },
  };
}

describe('a full disk', () => {
  test('fails the write that did not fit, leaves nothing of it, and takes others along to the disk', async () => {
    const db = openDatabase(path);
    const writer = startWriter(db);
    const rows = tables(db);
    await writer.call('createGallery', gallery);
    const { personId } = (await writer.call('createPerson', ref, newPerson(), 10)) as { personId: string };
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages + 20}`);
    const big = Array.from({ length: 200 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
    const outcomes = await Promise.allSettled([
      writer.call('addEnrolment', ref, personId, newEnrolment(), 10),
      writer.call('importPersons', ref, big),
      writer.call('addEnrolment', ref, personId, newEnrolment(), 10),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'SQLITE_FULL' } });
    expect(rows.countGallery(ref)).toEqual({ persons: 1, enrolments: 2 });
    expect(rows.changesAfter(0, 100)).toHaveLength(2);

    db.pragma('max_page_count = 1000000');
    await writer.call('importPersons', ref, big);
    expect(rows.countGallery(ref)).toEqual({ persons: 201, enrolments: 202 });
    writer.close();
    db.close();
  });
});

test('another process that does not let go fails all that waited, after one wait', async () => {
  const db = openDatabase(path);
  // Fifty such waits would outlast this test
  db.pragma('busy_timeout = 2000');
  const writer = startWriter(db);
  await writer.call('createGallery', gallery);
  const other = openDatabase(path);
  other.exec('BEGIN IMMEDIATE');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, () => writer.call('createPerson', ref, newPerson(), 100)),
  );
  expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.code === 'SQLITE_BUSY')).toBe(
    true,
  );
  other.exec('ROLLBACK');
  other.close();
  await writer.call('createPerson', ref, newPerson(), 100);
  expect(tables(db).countGallery(ref).persons).toBe(1);
  writer.close();
  db.close();
});

test('a deletion that is held up is said to be, and goes on by itself', async () => {
  const db = openDatabase(path);
  db.pragma('busy_timeout = 50');
  const writer = startWriter(db);
  const rows = tables(db);
  await writer.call('createGallery', gallery);
  const batch = Array.from({ length: 5000 }, () => ({ person: newPerson(), enrolments: [] }));
  await writer.call('importPersons', ref, batch);
  const personsLeft = () => db.prepare<[], number>('SELECT count(*) FROM persons').pluck().get();

  const other = openDatabase(path);
  const deleting = writer.call('deleteGallery', ref).catch((error: unknown) => error);
  while (rows.findGallery(ref) !== undefined) await new Promise(setImmediate);
  other.exec('BEGIN IMMEDIATE');
  expect(await deleting).toMatchObject({
    message: 'Deleted, but not all of it is overwritten yet, which goes on by itself: database is locked',
  });
  expect(rows.findGallery(ref)).toBeUndefined();
  expect(personsLeft()).toBeGreaterThan(0);
  other.exec('ROLLBACK');
  other.close();
  await vi.waitFor(() => expect(personsLeft()).toBe(0), { timeout: 30_000 });
  writer.close();
  db.close();
});

describe('closing', () => {
  test('commits what was submitted, and says so of a gallery it had no time to empty', async () => {
    const db = openDatabase(path);
    const writer = startWriter(db);
    const rows = tables(db);
    await writer.call('createGallery', gallery);
    const batch = Array.from({ length: 1000 }, () => ({ person: newPerson(), enrolments: [] }));
    await writer.call('importPersons', ref, batch);
    const deleting = writer.call('deleteGallery', ref);
    const adding = writer.call('createGallery', { ...gallery, galleryId: 'last' });
    writer.close();
    await expect(deleting).rejects.toThrow(/the next start goes on with it/);
    await expect(adding).resolves.toMatchObject({ galleryId: 'last' });
    expect(rows.findGallery(ref)).toBeUndefined();
    expect(rows.getGallery({ ...ref, galleryId: 'last' }).name).toBe('g');
    db.close();
  });
});

describe('the thread', () => {
  test('gives refusals back as what they are', async () => {
    const thread = await openWriterThread(path);
    await thread.call('createGallery', [gallery]);
    const again = thread.call('createGallery', [gallery]);
    await expect(again).rejects.toBeInstanceOf(KithError);
    await expect(again).rejects.toMatchObject({ problem: { kind: 'already-exists', galleryKind: gallery.kind } });
    await thread.close();
    await expect(thread.call('createGallery', [gallery])).rejects.toThrow('closed');
  });

  test('that dies fails what it had, and the next write starts another', async () => {
    const workers: Worker[] = [];
    const thread = await openWriterThread(path, (data) => {
      const worker = spawnWriter(data);
      workers.push(worker);
      return worker;
    });
    await thread.call('createGallery', [gallery]);
    const batch = Array.from({ length: 5000 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
    const interrupted = thread.call('importPersons', [ref, batch]);
    await Promise.all([
      expect(interrupted).rejects.toThrow('has stopped'),
      new Promise((resolve) => setTimeout(resolve, 20)).then(() => workers[0]?.terminate()),
    ]);
    await expect(thread.call('createPerson', [ref, newPerson(), 1])).resolves.toMatchObject({ name: 'Ada' });
    expect(workers).toHaveLength(2);
    await thread.close();
  });
});
