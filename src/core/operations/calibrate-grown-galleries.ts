import type { Deps } from '../ports.ts';
import type { GalleryKind } from '../types.ts';
import { calibrateGallery, needsCalibration } from './calibrate-gallery.ts';

const KINDS: readonly GalleryKind[] = ['large-person', 'person', 'directory'];
const PAGE = 100;

/** Fits the tails that no longer fit, one gallery after the other; answers how many it fitted. */
export async function calibrateGrownGalleries(
  deps: Pick<Deps, 'store' | 'vault' | 'index' | 'engine' | 'clock' | 'recognitionModels'>,
  signal?: AbortSignal,
): Promise<number> {
  let fitted = 0;
  for (const tenantId of await deps.store.listTenantIds()) fitted += await calibrateTenant(deps, tenantId, signal);
  return fitted;
}

async function calibrateTenant(
  deps: Pick<Deps, 'store' | 'vault' | 'index' | 'engine' | 'clock' | 'recognitionModels'>,
  tenantId: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let fitted = 0;
  for (const kind of KINDS) {
    let after = '';
    for (;;) {
      const galleries = await deps.store.listGalleries(tenantId, kind, { after, limit: PAGE });
      for (const gallery of galleries) {
        signal?.throwIfAborted();
        if (needsCalibration(deps, gallery) && (await calibrateGallery(deps, gallery, signal))) fitted++;
      }
      const last = galleries.at(-1);
      if (!last || galleries.length < PAGE) break;
      after = last.galleryId;
    }
  }
  return fitted;
}
