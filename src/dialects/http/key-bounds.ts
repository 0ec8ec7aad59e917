import { KithError } from '../../core/errors.ts';
import { isWithinBounds } from '../../core/key-bounds.ts';
import type { Store } from '../../core/storage/store.ts';
import type { GalleryRef, Principal } from '../../core/types.ts';

/**
 * What a request is about, for keys that are bound to galleries: one of them, none (a photo only), or more than any
 * gallery. A list of galleries is `listed`: the operation leaves out those beyond the bounds.
 */
export type KeyScope =
  | { readonly gallery: GalleryRef; readonly byReference: boolean }
  | 'no-gallery'
  | 'listed'
  | 'tenant';

/** For what is about more than any gallery. */
export function refuseBoundKey({ bounds }: Pick<Principal, 'bounds'>): void {
  if (!bounds) return;
  const message = 'This key is bound to galleries, and this is about more than one.';
  throw new KithError({ kind: 'forbidden', message });
}

/**
 * Lets a bound key past only to what it is bound to: another gallery is answered as one that isn't there, whether it is
 * or not, and what goes beyond galleries is forbidden.
 */
export async function requireWithinBounds(
  store: Pick<Store, 'findGallery'>,
  { bounds }: Pick<Principal, 'bounds'>,
  scope: KeyScope,
): Promise<void> {
  if (!bounds || scope === 'no-gallery' || scope === 'listed') return;
  if (scope === 'tenant') return refuseBoundKey({ bounds });
  const { gallery, byReference } = scope;
  const purpose = bounds.purposes && (await store.findGallery(gallery))?.purpose;
  if (isWithinBounds(bounds, { galleryId: gallery.galleryId, ...(purpose === undefined ? {} : { purpose }) })) return;
  throw new KithError({
    kind: 'not-found',
    resource: 'gallery',
    id: gallery.galleryId,
    galleryKind: gallery.kind,
    ...(byReference ? { byReference } : {}),
  });
}
