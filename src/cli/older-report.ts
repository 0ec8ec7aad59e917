import { open, stat } from 'node:fs/promises';
import { describeFileError } from './image-file.ts';
import { UsageError } from './usage-error.ts';

const HEAD_BYTES = 1024;

/** A slip of the keyboard must not write over the list that is imported, or a photo: only over what `command` wrote. */
export async function requireOlderReport(
  path: string,
  { command, isReport }: { readonly command: string; readonly isReport: (head: string) => boolean },
): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile() || stats.size === 0) return;
  if (isReport(await readHead(path))) return;
  throw new UsageError(`${path} is there already and is no report of ${command}: name another file for the report.`);
}

async function readHead(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UsageError(`The report ${path} can't be written. ${describeFileError(error)}`, { cause: error });
  }
}
