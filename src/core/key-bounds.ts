import type { Gallery, KeyBounds } from './types.ts';

/** Whether a key bound so may know of the gallery. */
export function isWithinBounds(
  { galleries, purposes }: KeyBounds,
  gallery: Pick<Gallery, 'galleryId' | 'purpose'>,
): boolean {
  if (galleries && !galleries.includes(gallery.galleryId)) return false;
  return !purposes || (gallery.purpose !== undefined && purposes.includes(gallery.purpose));
}
