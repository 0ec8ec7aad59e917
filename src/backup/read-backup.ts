// A backup, checked whole before anything is touched: laid out beside the data directory, then put in its place.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import SqliteDatabase from 'better-sqlite3';
import { extract, type Headers } from 'tar-stream';
import { freeDiskBytes } from '../free-disk.ts';
import { APPLICATION_ID } from '../store/sqlite/migrations.ts';
import { BadBackupError } from './bad-backup-error.ts';
import { hashInto } from './hash-into.ts';
import { type BackupManifest, MANIFEST_ENTRY, parseManifest } from './manifest.ts';
import { type OpenedWith, unseal } from './seal.ts';

export interface RestoreWish {
  readonly from: string;
  readonly key: OpenedWith;
  readonly dataDir: string;
  readonly nowMs: number;
}

export interface Restored {
  readonly manifest: BackupManifest;
  /** Where the data directory that was there before is now. */
  readonly movedAway?: string;
}

const MAX_MANIFEST_BYTES = 32 * 1024 * 1024;
/** Room that is left free on the disk. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * Throws BadBackupError, and nothing has changed, unless every byte is what the backup says it is. What was erased in the
 * directory that is replaced stays erased: its ledger is kept.
 */
export async function restoreBackup(wish: RestoreWish): Promise<Restored> {
  const dataDir = resolve(wish.dataDir);
  const fresh = `${dataDir}.restoring-${process.pid}`;
  await mkdir(dirname(dataDir), { recursive: true });
  await mkdir(fresh, { mode: 0o700 });
  try {
    const manifest = await layOut(wish, fresh);
    checkDatabase(join(fresh, 'kith.db'));
    const isReplacing = (await stat(dataDir).catch(() => undefined)) !== undefined;
    if (!isReplacing) {
      await rename(fresh, dataDir);
      return { manifest };
    }
    await keepLedger(dataDir, fresh);
    const movedAway = `${dataDir}.before-restore-${new Date(wish.nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
    await rename(dataDir, movedAway);
    await rename(fresh, dataDir);
    return { manifest, movedAway };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function layOut({ from, key }: RestoreWish, folder: string): Promise<BackupManifest> {
  const plain = await unseal(Readable.toWeb(createReadStream(from)) as ReadableStream<Uint8Array>, key);
  const archive = extract();
  const unpacked = unpack(archive, folder);
  try {
    await Promise.all([pipeline(Readable.fromWeb(plain as never), archive), unpacked]);
  } catch (error) {
    // Whoever unpacks waits for an entry that won't come
    unpacked.catch(() => undefined);
    archive.destroy();
    if (error instanceof BadBackupError) throw error;
    throw new BadBackupError('It is cut off or was changed; use another copy of it.', { cause: error });
  }
  return unpacked;
}

async function unpack(archive: ReturnType<typeof extract>, folder: string): Promise<BackupManifest> {
  let manifest: BackupManifest | undefined;
  let next = 0;
  for await (const entry of archive) {
    const { header } = entry;
    if (header.type !== 'file')
      throw new BadBackupError(`It holds a ${header.type} called ${JSON.stringify(header.name)}.`);
    if (!manifest) {
      manifest = parseManifest(await readManifest(header, entry));
      await requireRoom(folder, manifest);
      continue;
    }
    const wanted = manifest.files[next++];
    // The list was checked, so no name of the archive itself is ever a path
    if (!wanted || header.name !== wanted.path || header.size !== wanted.bytes) {
      throw new BadBackupError(`It holds ${JSON.stringify(header.name)}, which its list of contents doesn't.`);
    }
    const path = join(folder, ...wanted.path.split('/'));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    await pipeline(entry, hashInto(hash), createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }));
    if (hash.digest('hex') !== wanted.sha256) throw new BadBackupError(`${wanted.path} is not what was backed up.`);
  }
  if (!manifest || next < manifest.files.length) throw new BadBackupError('It is cut off; use another copy of it.');
  return manifest;
}

async function readManifest(header: Headers, entry: AsyncIterable<Uint8Array>): Promise<string> {
  if (header.name !== MANIFEST_ENTRY || (header.size ?? 0) > MAX_MANIFEST_BYTES) {
    throw new BadBackupError('It does not begin with its list of contents, so Kith did not write it.');
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function requireRoom(folder: string, { files }: BackupManifest): Promise<void> {
  const needed = files.reduce((sum, { bytes }) => sum + bytes, SPARE_BYTES);
  const free = await freeDiskBytes(folder);
  if (free >= needed) return;
  throw new BadBackupError(
    `It needs ${Math.ceil(needed / 1e6)} MB, and the disk has ${Math.floor(free / 1e6)} MB left.`,
  );
}

function checkDatabase(path: string): void {
  const db = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    const [result] = db.pragma('integrity_check(1)') as [{ integrity_check: string }];
    if (result.integrity_check !== 'ok') throw new BadBackupError('The database in it is damaged.');
    // SQLite takes a file of a few bytes for an empty database
    if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      throw new BadBackupError('The database in it is none.');
    }
  } catch (error) {
    if (error instanceof BadBackupError) throw error;
    throw new BadBackupError('The database in it is none.', { cause: error });
  } finally {
    db.close();
  }
}

/** Both ledgers' lines: whatever was erased on either side is erased when the database is opened. */
async function keepLedger(dataDir: string, fresh: string): Promise<void> {
  const old = join(dataDir, 'erasures.log');
  const restored = join(fresh, 'erasures.log');
  const mine = await readFile(old).catch(() => undefined);
  if (!mine) return;
  const theirs = await readFile(restored).catch(() => undefined);
  if (!theirs) return copyFile(old, restored).then(() => chmod(restored, 0o600));
  await writeFile(restored, Buffer.concat([theirs, Buffer.from('\n'), mine]), { mode: 0o600, flush: true });
}
