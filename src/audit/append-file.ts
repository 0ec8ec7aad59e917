import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const ZEROS = Buffer.alloc(256 * 1024);

export interface AppendFileOptions {
  readonly path: string;
  /** Where to go on; whatever stands behind it is cut. */
  readonly endBytes: number;
  /**
   * Zeros kept written behind the end. Within them an append changes no size and allocates no block, so that it is
   * on the disk sooner (on ext4 a third more appends a second), and still succeeds for a while once the disk is full.
   */
  readonly reserveBytes: number;
}

/** A file that only grows, whole appends at a time. */
export interface AppendFile {
  /** Resolves when the bytes are on the disk; when it rejects, none of them stay. */
  append(bytes: Uint8Array): Promise<void>;
  readonly endBytes: number;
  /** Gives the reserve back. */
  close(): Promise<void>;
}

/** Makes the file when it isn't there, for its owner only. One append at a time. */
export async function openAppendFile(options: AppendFileOptions): Promise<AppendFile> {
  const { path, reserveBytes } = options;
  const file = await openOrCreate(path);
  let endBytes = options.endBytes;
  /** Everything from `endBytes` up to here is zeros, on the disk. */
  let reservedUntil = endBytes;
  let isTorn = true;

  async function repair(): Promise<void> {
    await file.truncate(endBytes);
    await file.sync();
    reservedUntil = endBytes;
    isTorn = false;
  }

  async function extendReserve(wantedBytes: number): Promise<void> {
    for (let at = reservedUntil; at < wantedBytes; at += ZEROS.length) {
      await writeWhole(file, ZEROS.subarray(0, Math.min(ZEROS.length, wantedBytes - at)), at);
    }
    await file.datasync();
    reservedUntil = wantedBytes;
  }

  try {
    await repair();
    await extendReserve(endBytes + reserveBytes);
  } catch (error) {
    await file.close();
    throw error;
  }

  return {
    get endBytes() {
      return endBytes;
    },
    async append(bytes) {
      if (isTorn) await repair();
      const wanted = endBytes + bytes.length;
      if (reserveBytes > 0 && reservedUntil - wanted < reserveBytes / 2) {
        await extendReserve(wanted + reserveBytes).catch((error: unknown) => {
          if (reservedUntil < wanted) throw error;
        });
      }
      isTorn = true;
      try {
        await writeWhole(file, bytes, endBytes);
        await file.datasync();
      } catch (error) {
        // Whole lines may stand in the part that was taken: they go at once, or else before the next append
        await repair().catch(() => undefined);
        throw error;
      }
      isTorn = false;
      endBytes = wanted;
      reservedUntil = Math.max(reservedUntil, endBytes);
    },
    async close() {
      try {
        await repair();
      } finally {
        await file.close();
      }
    },
  };
}

/** A new name in a directory survives a crash only when the directory is on the disk too. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const file = await open(path, 'wx+', 0o600);
  await syncDirectory(dirname(path));
  return file;
}

/** A full disk takes a part of a write and refuses the rest. */
async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
