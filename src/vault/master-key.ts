import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export const MASTER_KEY_BYTES = 32;

/** What everything is sealed under, and, while a rotation is under way, what it was sealed under before. */
export interface MasterKeys {
  readonly current: Uint8Array;
  readonly previous?: Uint8Array;
}

/** Beside the key while it is being replaced: the next one, with which is sealed already. */
const nextPath = (path: string): string => `${path}.next`;

export function readOrCreateMasterKeys(path: string, options: { readonly mustExist?: boolean } = {}): MasterKeys {
  const previous = readOrCreateMasterKey(path, options);
  const current = readIfThere(nextPath(path));
  // Finished in between: then what was read first is the old one
  return current ? { current, previous } : { current: readMasterKey(path) };
}

/** Makes the next key, unless there is one already: whoever seals from then on seals with it. */
export function beginMasterKeyRotation(path: string): void {
  if (!readIfThere(nextPath(path))) createMasterKey(nextPath(path));
}

/** The next key takes the place of the old one, whose bytes are overwritten. */
export function endMasterKeyRotation(path: string): void {
  const old = openSync(path, 'r+');
  try {
    renameSync(nextPath(path), path);
    syncDirectory(dirname(path));
    writeSync(old, randomBytes(MASTER_KEY_BYTES), 0, MASTER_KEY_BYTES, 0);
    fsyncSync(old);
  } finally {
    closeSync(old);
  }
}

export function isMasterKeyRotating(path: string): boolean {
  return readIfThere(nextPath(path)) !== undefined;
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readMasterKey(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Reads the master key; makes one at the first start, unless it `mustExist`. Refuses a file that others can read or that
 * is no key.
 */
export function readOrCreateMasterKey(path: string, { mustExist = false } = {}): Uint8Array {
  try {
    return readMasterKey(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  if (mustExist) {
    throw new Error(
      `The master key ${path} is missing, and what is stored here was sealed under it. Put it back from your backup; ` +
        'if it is lost, nobody can open the stored templates any more: move the data directory away to start empty.',
    );
  }
  createMasterKey(path);
  return readMasterKey(path);
}

function readMasterKey(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const { mode, size } = fstatSync(file);
    // Windows has no such bits: there the directory's own access list counts
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Error(
        `The master key ${path} can be read by others (mode ${(mode & 0o777).toString(8)}). ` +
          `Make it private with: chmod 600 ${path}`,
      );
    }
    const key = new Uint8Array(MASTER_KEY_BYTES);
    if (size !== MASTER_KEY_BYTES || readSync(file, key) !== MASTER_KEY_BYTES) {
      throw new Error(
        `The master key ${path} must have ${MASTER_KEY_BYTES} bytes and has ${size}. Put the right file back from your ` +
          'backup; without it no stored template can be opened. Remove it only if nothing has been enrolled yet.',
      );
    }
    return key;
  } finally {
    closeSync(file);
  }
}

/** The file appears whole or not at all, and never replaces another one. */
function createMasterKey(path: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, randomBytes(MASTER_KEY_BYTES));
    fsyncSync(file);
    linkSync(unfinished, path);
  } catch (error) {
    // Another process was first: its key is the key
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    closeSync(file);
    unlinkSync(unfinished);
  }
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
