import type { Deps } from '../core/ports.ts';
import type { Gallery, GalleryKind } from '../core/types.ts';
import { DEFAULT_TENANT } from '../default-tenant.ts';
import { UsageError } from './usage-error.ts';

/** Kinds that hold persons, in the order in which an id is looked up. */
export const PERSON_GALLERY_KINDS = ['large-person', 'person'] as const satisfies readonly GalleryKind[];

const SUGGESTED = 10;

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
    PERSON_GALLERY_KINDS.map((kind) => deps.store.listGalleries(DEFAULT_TENANT, kind, { limit: SUGGESTED })),
  );
  const known = pages.flat().map((found) => found.galleryId);
  throw new UsageError(
    known.length > 0
      ? `There is no gallery "${galleryId}"; there are: ${known.join(', ')}.`
      : `There is no gallery "${galleryId}", nor any other yet: kith enrol makes one.`,
  );
}
