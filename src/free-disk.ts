import { statfs } from 'node:fs/promises';

/** What is left for whoever runs Kith, on the disk of a folder that exists. */
export async function freeDiskBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
