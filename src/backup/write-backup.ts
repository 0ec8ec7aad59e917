// One sealed file with everything that a data directory needs to live again, taken while a service runs.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import SqliteDatabase from 'better-sqlite3';
import { pack } from 'tar-stream';
import { BadBackupError } from './bad-backup-error.ts';
import { type BackedUpFile, isBackupPath, MANIFEST_ENTRY, newManifest } from './manifest.ts';
import { type SealedTo, seal } from './seal.ts';

export interface BackupWish {
  readonly dataDir: string;
  /** Must not be there yet. */
  readonly to: string;
  readonly sealedTo: SealedTo;
  readonly version: string;
  readonly nowMs: number;
  readonly isMasterKeyRotating: () => boolean;
}

function keyBeingReplaced(): BadBackupError {
  return new BadBackupError('The master key is being replaced; back up once that is done.');
}

interface FileToPack extends BackedUpFile {
  /** Where it is read from. */
  readonly source: string;
}

/** Answers what went in. The file at `to` is there whole and safe on the disk, or not at all. */
export async function writeBackup(wish: BackupWish): Promise<{ readonly files: number; readonly bytes: number }> {
  const { dataDir, to, isMasterKeyRotating } = wish;
  if (await stat(to).catch(() => undefined)) throw new BadBackupError(`${to} is there already: name a new file.`);
  if (isMasterKeyRotating()) throw keyBeingReplaced();
  const keyBefore = await describe(join(dataDir, 'master.key'), 'master.key').catch(() => undefined);
  // Beside the database, whose disk has had room for it: nobody else may read that folder
  const work = await mkdtemp(join(dataDir, '.backup-'));
  const partial = `${to}.partial`;
  try {
    const database = join(work, 'kith.db');
    copyDatabase(join(dataDir, 'kith.db'), database);
    // After the database: what was erased meanwhile is erased again from the copy when it is restored
    const files = [await describe(database, 'kith.db'), ...(await otherFiles(dataDir))];
    // Or the copy could be of before, and the key of after
    if (isMasterKeyRotating()) throw keyBeingReplaced();
    if (files.find(({ path }) => path === 'master.key')?.sha256 !== keyBefore?.sha256) throw keyBeingReplaced();
    const archive = pack();
    const sealed = await seal(ReadableStream.from(archive), wish.sealedTo);
    const written = pipeline(
      Readable.fromWeb(sealed as never),
      createWriteStream(partial, { mode: 0o600, flags: 'wx' }),
    );
    // Whatever fails first says why
    await Promise.all([written, fill(archive, files, wish)]);
    await syncFile(partial);
    // Fails where somebody put a file there meanwhile; a rename would overwrite it
    await link(partial, to);
    await syncFile(dirname(to));
    return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } finally {
    await rm(partial, { force: true });
    await rm(work, { recursive: true, force: true });
  }
}

async function fill(archive: ReturnType<typeof pack>, files: readonly FileToPack[], wish: BackupWish): Promise<void> {
  try {
    const listed = files.map(({ source: _, ...file }) => file);
    const manifest = JSON.stringify(newManifest(wish.version, wish.nowMs, listed));
    const time = new Date(wish.nowMs);
    archive.entry({ name: MANIFEST_ENTRY, mode: 0o600, mtime: time }, manifest);
    for (const { path, bytes, source } of files) {
      const entry = archive.entry({ name: path, size: bytes, mode: 0o600, mtime: time });
      if (bytes === 0) {
        entry.end();
        continue;
      }
      // Logs grow while they are read: only what was there when they were listed
      await pipeline(createReadStream(source, { end: bytes - 1 }), entry);
    }
    archive.finalize();
  } catch (error) {
    archive.destroy(error as Error);
    throw error;
  }
}

/** As of one moment, whoever writes meanwhile; freed pages are left behind. */
function copyDatabase(from: string, to: string): void {
  const db = new SqliteDatabase(from, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
}

async function otherFiles(dataDir: string): Promise<FileToPack[]> {
  const found = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== 'kith.db' && isBackupPath(path))
    // Heads before the records they sign, so that no head speaks of a record that was left out
    .sort((a, b) => Number(b.endsWith('heads.jsonl')) - Number(a.endsWith('heads.jsonl')) || (a < b ? -1 : 1));
  const files: FileToPack[] = [];
  for (const path of paths) files.push(await describe(join(dataDir, path), path));
  return files;
}

async function describe(source: string, path: string): Promise<FileToPack> {
  const { size: bytes } = await stat(source);
  const hash = createHash('sha256');
  if (bytes > 0) await pipeline(createReadStream(source, { end: bytes - 1 }), hash);
  return { path, bytes, sha256: hash.digest('hex'), source };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
