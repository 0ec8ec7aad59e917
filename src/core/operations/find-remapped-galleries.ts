import { everyGallery } from '../every-gallery.ts';
import type { Deps } from '../ports.ts';
import type { Gallery } from '../types.ts';

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
  const remapped: RemappedGallery[] = [];
  for await (const gallery of everyGallery(deps)) {
    const boundPackId = await deps.store.findBoundPack(gallery);
    const mappedPackId = deps.recognitionModels.get(gallery.recognitionModel);
    if (boundPackId === undefined || boundPackId === mappedPackId) continue;
    remapped.push({ gallery, boundPackId, mappedPackId });
  }
  return remapped;
}
