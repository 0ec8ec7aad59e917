import { nearest } from './nearest.ts';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

const NAMED = 10;

/** Names the galleries there are, and first the one that was likely meant. */
export function noSuchGallery(galleryId: string, known: readonly string[]): UsageError {
  const missing = `There is no gallery "${printable(galleryId)}"`;
  if (known.length === 0) return new UsageError(`${missing}, nor any other yet: kith enrol makes one.`);
  const near = nearest(galleryId, known);
  const meant = near === undefined ? missing : `${missing}. Did you mean ${near}`;
  const more = known.length > NAMED ? ', and more (kith gallery list)' : '';
  const there = `here are: ${known.slice(0, NAMED).join(', ')}${more}.`;
  return new UsageError(near === undefined ? `${meant}; t${there}` : `${meant}? T${there}`);
}
