import type { Deps } from '../ports.ts';
import type { Gallery, GalleryKind } from '../types.ts';

const KINDS: readonly GalleryKind[] = ['large-person', 'person', 'large-face', 'face', 'directory'];
const PAGE = 1000;

/** A gallery whose model's name is now answered by another pack than the one its templates are of, or by none. */
export interface RemappedGallery {
  readonly gallery: Gallery;
  readonly boundPackId: string;
  /** Undefined when the settings no longer know the name. */
  readonly mappedPackId: string | undefined;
}

/**
 * A gallery's templates are of the pack that answered for its model's name when they were made. Where the settings now
 * give the name to another pack, its searches would compare what can't be compared.
 */
export async function findRemappedGalleries(
  deps: Pick<Deps, 'store' | 'recognitionModels'>,
): Promise<readonly RemappedGallery[]> {
  const tenantIds = await deps.store.listTenantIds();
  return (await Promise.all(tenantIds.map((tenantId) => remappedOf(deps, tenantId)))).flat();
}

async function remappedOf(
  deps: Pick<Deps, 'store' | 'recognitionModels'>,
  tenantId: string,
): Promise<readonly RemappedGallery[]> {
  const remapped: RemappedGallery[] = [];
  for (const kind of KINDS) {
    let after = '';
    for (;;) {
      const galleries = await deps.store.listGalleries(tenantId, kind, { after, limit: PAGE });
      for (const gallery of galleries) {
        const boundPackId = await deps.store.findBoundPack(gallery);
        const mappedPackId = deps.recognitionModels.get(gallery.recognitionModel);
        if (boundPackId === undefined || boundPackId === mappedPackId) continue;
        remapped.push({ gallery, boundPackId, mappedPackId });
      }
      const last = galleries.at(-1);
      if (!last || galleries.length < PAGE) break;
      after = last.galleryId;
    }
  }
  return remapped;
}
