import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Photos of several people each, 1920 pixels wide, that come with a package Kith needs anyway; numbered from 1. */
export async function readSamplePhoto(photoNo: number): Promise<Buffer> {
  const { resolve: find } = createRequire(import.meta.url);
  return readFile(join(dirname(find('@vladmandic/face-api/package.json')), 'demo', `sample${photoNo}.jpg`));
}
