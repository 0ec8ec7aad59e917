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
import { hashInto } from './hash-into.ts';
import { type BackedUpFile, isBackupPath, MANIFEST_ENTRY, newManifest } from './manifest.ts';
import { type SealedTo, seal } from './seal.ts';

const NEWLINE = 10;

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
    for (const { path, bytes, sha256, source } of files) {
      const entry = archive.entry({ name: path, size: bytes, mode: 0o600, mtime: time });
      if (bytes === 0) {
        entry.end();
        continue;
      }
      const hash = createHash('sha256');
      // Logs grow while they are read: only what was there when they were listed
      await pipeline(createReadStream(source, { end: bytes - 1 }), hashInto(hash), entry);
      if (hash.digest('hex') !== sha256) {
        throw new BadBackupError(`${path} was changed while it was backed up. Nothing is kept of it: run it again.`);
      }
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
  const bytes = path.endsWith('.jsonl') ? await wholeLinesIn(source) : (await stat(source)).size;
  const hash = createHash('sha256');
  if (bytes > 0) await pipeline(createReadStream(source, { end: bytes - 1 }), hash);
  return { path, bytes, sha256: hash.digest('hex'), source };
}

/**
 * Bytes up to the last line that is whole. Behind it lie the zeros that a log keeps in reserve (append-file.ts), and the next
 * record is written over them: what was hashed as zeros would be packed as records.
 */
async function wholeLinesIn(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const block = Buffer.alloc(64 * 1024);
    for (let until = (await file.stat()).size; until > 0; ) {
      const from = Math.max(0, until - block.length);
      const { bytesRead } = await file.read(block, 0, until - from, from);
      const newline = block.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (newline !== -1) return from + newline + 1;
      until = from;
    }
    return 0;
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
