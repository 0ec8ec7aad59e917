import type { Deps } from './ports.ts';
import type { Gallery, GalleryKind } from './types.ts';

export const GALLERY_KINDS: readonly GalleryKind[] = ['large-person', 'person', 'large-face', 'face', 'directory'];
const PAGE = 500;

/** Of every tenant or of one, of these kinds, a page at a time. */
export async function* everyGallery(
  { store }: Pick<Deps, 'store'>,
  wanted: { readonly kinds?: readonly GalleryKind[]; readonly tenantId?: string } = {},
): AsyncGenerator<Gallery> {
  const { kinds = GALLERY_KINDS, tenantId } = wanted;
  for (const tenant of tenantId === undefined ? await store.listTenantIds() : [tenantId]) {
    for (const kind of kinds) {
      let after = '';
      for (;;) {
        const galleries = await store.listGalleries(tenant, kind, { after, limit: PAGE });
        yield* galleries;
        const last = galleries.at(-1);
        if (!last || galleries.length < PAGE) break;
        after = last.galleryId;
      }
    }
  }
}
