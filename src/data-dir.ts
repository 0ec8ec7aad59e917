import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import { acquireProcessLock, type ProcessLock } from './store/sqlite/process-lock.ts';

/** Made when it isn't there, and its owner's alone; ConfigError for a place that can't be one. */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await chmod(dataDir, 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = DATA_DIR_FAULTS[code ?? ''];
    throw why ? new ConfigError([`KITH_DATA_DIR: ${dataDir} ${why}`]) : error;
  }
}

const DATA_DIR_FAULTS: Readonly<Record<string, string>> = {
  EEXIST: 'is a file; name a folder',
  ENOTDIR: 'lies below a file; name a folder',
  EACCES: 'may not be written by this user; change its owner, or name another',
  EPERM: 'belongs to another user; change its owner, or name another',
  EROFS: 'lies on a disk that can only be read; name another',
  ENOSPC: 'lies on a full disk; make room, or name another',
};

/** One service a data directory; undefined while another process runs one, or puts a backup in its place. */
export async function lockService(config: Pick<Config, 'dataDir'>): Promise<ProcessLock | undefined> {
  await openDataDir(config.dataDir);
  return acquireProcessLock(join(config.dataDir, 'service.lock'));
}

export async function isServiceRunning(config: Pick<Config, 'dataDir'>): Promise<boolean> {
  const lock = await lockService(config);
  lock?.release();
  return lock === undefined;
}

/** Two imports at once could make one person twice; undefined while another process imports. */
export async function lockImports(config: Pick<Config, 'dataDir'>): Promise<ProcessLock | undefined> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  return acquireProcessLock(join(config.dataDir, 'import.lock'));
}
