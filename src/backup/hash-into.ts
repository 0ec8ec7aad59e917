import type { Hash } from 'node:crypto';
import { PassThrough, type Transform } from 'node:stream';

/** Hashes what goes through. */
export function hashInto(hash: Hash): Transform {
  const through = new PassThrough();
  through.on('data', (chunk: Uint8Array) => hash.update(chunk));
  return through;
}
