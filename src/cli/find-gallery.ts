import { MAX_PAGE } from '../core/limits.ts';
import type { Deps } from '../core/ports.ts';
import type { Gallery, GalleryKind } from '../core/types.ts';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { noSuchGallery } from './no-such-gallery.ts';

/** Kinds that hold persons, in the order in which an id is looked up. */
export const PERSON_GALLERY_KINDS = ['large-person', 'person'] as const satisfies readonly GalleryKind[];

export async function findGallery(deps: Pick<Deps, 'store'>, galleryId: string): Promise<Gallery | undefined> {
  for (const kind of PERSON_GALLERY_KINDS) {
    const gallery = await deps.store.findGallery({ tenantId: DEFAULT_TENANT, kind, galleryId });
    if (gallery) return gallery;
  }
  return undefined;
}

/** Throws a sentence that names the galleries there are. */
export async function getGallery(deps: Pick<Deps, 'store'>, galleryId: string): Promise<Gallery> {
  const gallery = await findGallery(deps, galleryId);
  if (gallery) return gallery;
  const pages = await Promise.all(
    PERSON_GALLERY_KINDS.map((kind) => deps.store.listGalleries(DEFAULT_TENANT, kind, { limit: MAX_PAGE })),
  );
  throw noSuchGallery(
    galleryId,
    pages.flat().map((found) => found.galleryId),
  );
}
