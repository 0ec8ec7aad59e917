import type { GalleryRef } from '../../core/types.ts';

export function refOf({ tenantId, kind, galleryId }: GalleryRef): GalleryRef {
  return { tenantId, kind, galleryId };
}
