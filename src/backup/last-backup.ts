// When this data directory was last backed up: a small file beside the data, for the service and whoever looks after it.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Value } from 'typebox/value';

const FILE = 'last-backup.json';
const MAX_BYTES = 4096;

const LastBackup = Type.Object({ finishedAt: Type.String({ maxLength: 40 }), bytes: Type.Integer({ minimum: 0 }) });

export interface BackupNote {
  readonly finishedMs: number;
  /** Before they were sealed. */
  readonly bytes: number;
}

/** Once the backup is safe on its disk. */
export async function noteBackup(dataDir: string, { finishedMs, bytes }: BackupNote): Promise<void> {
  const partial = join(dataDir, `${FILE}.${randomBytes(4).toString('hex')}`);
  const text = `${JSON.stringify({ finishedAt: new Date(finishedMs).toISOString(), bytes })}\n`;
  try {
    await writeFile(partial, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(partial, join(dataDir, FILE));
  } finally {
    await rm(partial, { force: true });
  }
}

/** Undefined before the first, and for a file that isn't what was written: it is only for show. */
export async function readLastBackup(dataDir: string): Promise<BackupNote | undefined> {
  const text = await readFile(join(dataDir, FILE), 'utf8').catch(() => '');
  try {
    const note: unknown = text.length > MAX_BYTES ? undefined : JSON.parse(text);
    if (!Value.Check(LastBackup, note)) return undefined;
    const finishedMs = Date.parse(note.finishedAt);
    return Number.isNaN(finishedMs) ? undefined : { finishedMs, bytes: note.bytes };
  } catch {
    return undefined;
  }
}
