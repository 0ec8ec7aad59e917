import { KithError } from './errors.ts';
import type { Deps } from './ports.ts';
import type { Gallery, GalleryRef } from './types.ts';

/** A gallery that a request names beside other things: its not-found says so, as some doors answer that differently. */
export async function getReferredGallery(deps: Pick<Deps, 'store'>, ref: GalleryRef): Promise<Gallery> {
  const gallery = await deps.store.findGallery(ref);
  if (!gallery) {
    throw new KithError({
      kind: 'not-found',
      resource: 'gallery',
      id: ref.galleryId,
      galleryKind: ref.kind,
      byReference: true,
    });
  }
  return gallery;
}

/** gallery-not-ready for one whose training never succeeded; later failures leave what there was. */
export function requireTrained(gallery: Gallery, byReference: boolean): void {
  if (gallery.training.lastSucceededMs === undefined) throw neverTrained(gallery, byReference);
}

export function neverTrained(gallery: Gallery, byReference: boolean): KithError {
  return new KithError({
    kind: 'gallery-not-ready',
    galleryKind: gallery.kind,
    byReference,
    message: `The gallery "${gallery.galleryId}" was never trained.`,
  });
}
