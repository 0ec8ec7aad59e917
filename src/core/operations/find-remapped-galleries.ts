import type { Deps } from '../ports.ts';
import type { Gallery, GalleryKind } from '../types.ts';

const KINDS: readonly GalleryKind[] = ['large-person', 'person', 'large-face', 'face', 'directory'];
const PAGE = 1000;

/** A gallery whose model's name is now answered by another pack than the one its templates are of. */
export interface RemappedGallery {
  readonly gallery: Gallery;
  readonly boundPackId: string;
  readonly mappedPackId: string;
}

/**
 * A gallery's templates are of the pack that answered for its model's name when they were made. Where the settings now
 * give the name to another pack, its searches would compare what can't be compared.
 */
export async function findRemappedGalleries(
  deps: Pick<Deps, 'store' | 'recognitionModels'>,
  tenantId: string,
): Promise<readonly RemappedGallery[]> {
  const remapped: RemappedGallery[] = [];
  for (const kind of KINDS) {
    let after = '';
    for (;;) {
      const galleries = await deps.store.listGalleries(tenantId, kind, { after, limit: PAGE });
      for (const gallery of galleries) {
        const [enrolled] = await deps.store.sampleEnrolments(gallery, 1);
        const mappedPackId = deps.recognitionModels.get(gallery.recognitionModel);
        if (!enrolled || mappedPackId === undefined || enrolled.packId === mappedPackId) continue;
        remapped.push({ gallery, boundPackId: enrolled.packId, mappedPackId });
      }
      const last = galleries.at(-1);
      if (!last || galleries.length < PAGE) break;
      after = last.galleryId;
    }
  }
  return remapped;
}
