import { type FileHandle, open } from 'node:fs/promises';
import { KithError } from '../core/errors.ts';
import { MAX_LOCAL_IMAGE_BYTES } from '../core/limits.ts';
import { printable } from './printable.ts';

/** Stands for standard input where a photo is wanted. */
export const STDIN = '-';

export function displayName(file: string): string {
  return file === STDIN ? 'standard input' : printable(file);
}

/** The bytes of a photo file, pipe or standard input; image-unreachable or image-unusable says why not. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  if (path === STDIN) return collect(process.stdin);
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) throw unreachable('It is a folder, not a photo.');
    if (stats.size > MAX_LOCAL_IMAGE_BYTES) throw tooLarge();
    return await collect(file.createReadStream({ autoClose: false }));
  } catch (error) {
    if (error instanceof KithError) throw error;
    throw unreachable(describeFileError(error), error);
  } finally {
    await file?.close();
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    // A pipe or a growing file tells its size only while it is read
    if (bytes > MAX_LOCAL_IMAGE_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  if (bytes === 0) {
    throw new KithError({ kind: 'image-unusable', fault: 'too-few-bytes', message: 'The file is empty.' });
  }
  return Buffer.concat(chunks, bytes);
}

/** What the system said, in words for those who don't know its codes. */
export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'There is no such file.';
    case 'EACCES':
    case 'EPERM':
      return "It may not be read: the file's permissions forbid it.";
    case 'ENOTDIR':
      return 'Part of its path is a file, not a folder.';
    case 'ENAMETOOLONG':
      return 'Its path is too long for this system.';
    default:
      return `It can't be read (${code ?? message}).`;
  }
}

function unreachable(message: string, cause?: unknown): KithError {
  return new KithError({ kind: 'image-unreachable', message }, { cause });
}

function tooLarge(): KithError {
  const megabytes = MAX_LOCAL_IMAGE_BYTES / 1024 / 1024;
  return new KithError({
    kind: 'image-unusable',
    fault: 'too-many-bytes',
    message: `The file is larger than ${megabytes} MB.`,
  });
}
