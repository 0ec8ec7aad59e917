import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACTOR, linesOf, openTestLog, searchEvent, segmentsOf } from '../../tests/support/audit-logs.ts';
import { HEADS_FILE } from '../audit/chain-folder.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import { APPLICATION_ID } from '../store/sqlite/migrations.ts';
import { restoreBackup } from './read-backup.ts';
import { writeBackup } from './write-backup.ts';

/** Packed before the logs, it takes so long that many a record is written between their listing and their packing. */
const DATABASE_BYTES = 24 * 1024 * 1024;
let identity: string;
let sealedTo: { readonly recipients: readonly string[] };
let root: string;
let dataDir: string;
let to: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kith-write-backup-'));
  dataDir = join(root, 'data');
  to = join(root, 'monday.age');
  identity = await generateIdentity();
  sealedTo = { recipients: [await identityToRecipient(identity)] };
  await mkdir(join(dataDir, 'models'), { recursive: true });
  const db = new SqliteDatabase(join(dataDir, 'kith.db'));
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.exec('CREATE TABLE t (x BLOB)');
  db.prepare('INSERT INTO t VALUES (?)').run(randomBytes(DATABASE_BYTES));
  db.close();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const backUp = (isMasterKeyRotating = () => false) =>
  writeBackup({ dataDir, to, sealedTo, version: '1', nowMs: 0, isMasterKeyRotating });

test('a log that goes on meanwhile is backed up as it was: it is restored, and verifies', async () => {
  const log = await openTestLog(join(dataDir, 'audit'), { headEveryMs: 1 });
  const audit = log.actingAs(ACTOR);
  for (let i = 0; i < 20; i++) await audit.record(searchEvent(`before-${i}`));
  await log.sign();
  let isOver = false;
  const backup = backUp().finally(() => {
    isOver = true;
  });
  const goOn = async () => {
    while (!isOver) await audit.record(searchEvent('meanwhile'));
  };
  await Promise.all([backup, goOn()]);
  await log.close();

  const restored = join(root, 'restored');
  await restoreBackup({ from: to, key: { identities: [identity] }, dataDir: restored, nowMs: 0 });
  const [original, copy] = [dataDir, restored].map((folder) => join(folder, 'audit', log.chain)) as [string, string];
  for (const file of [...segmentsOf(copy), HEADS_FILE]) {
    const [all, kept] = [linesOf(original, file), linesOf(copy, file)];
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(all.slice(0, kept.length));
  }
  expect(linesOf(copy).length).toBeGreaterThanOrEqual(20);
  expect(linesOf(copy).length).toBeLessThan(linesOf(original).length);
  expect((await verifyAudit({ folder: join(restored, 'audit') })).isIntact).toBe(true);
}, 60_000);

test('a file that changes while it is packed fails the backup, and leaves none', async () => {
  const model = join(dataDir, 'models', 'model.onnx');
  await writeFile(model, 'one model');
  let asked = 0;
  // Asked for the second time once everything is listed
  const isMasterKeyRotating = () => {
    if (++asked === 2) writeFileSync(model, 'two model');
    return false;
  };
  await expect(backUp(isMasterKeyRotating)).rejects.toThrow(/^models\/model\.onnx was changed while it was backed up/);
  await expect(stat(to)).rejects.toThrow('ENOENT');
  expect((await readdir(root)).sort()).toEqual(['data']);
}, 60_000);
