import { everyGallery } from '../every-gallery.ts';
import type { Deps } from '../ports.ts';
import { calibrateGallery, needsCalibration } from './calibrate-gallery.ts';

/** Fits the tails that no longer fit, one gallery after the other; answers how many it fitted. */
export async function calibrateGrownGalleries(
  deps: Pick<Deps, 'store' | 'vault' | 'index' | 'engine' | 'clock' | 'recognitionModels'>,
  signal?: AbortSignal,
): Promise<number> {
  let fitted = 0;
  for await (const gallery of everyGallery(deps, { kinds: ['large-person', 'person', 'directory'] })) {
    signal?.throwIfAborted();
    if ((await needsCalibration(deps, gallery)) && (await calibrateGallery(deps, gallery, signal))) fitted++;
  }
  return fitted;
}
