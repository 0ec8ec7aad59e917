import type { GalleryIndex } from '../core/ports.ts';
import { createReferenceIndex } from './reference-index.ts';

export interface GalleryIndexOptions {
  /** Worker threads; the number of cores when omitted. */
  readonly threads?: number;
}

/** Opens an empty index. */
export async function createGalleryIndex(_options: GalleryIndexOptions = {}): Promise<GalleryIndex> {
  return createReferenceIndex();
}
