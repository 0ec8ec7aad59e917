import { audited, auditedGallery } from '../audited.ts';
import { neverTrained } from '../galleries.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Gallery, GalleryRef } from '../types.ts';

/**
 * Kith searches an enrolment from the moment it is acknowledged, so there is nothing to compute: training marks the
 * gallery as ready for doors whose callers expect to be told. A gallery without enrolments fails, as it can name nobody.
 */
export async function trainGallery(deps: Pick<Deps, 'store' | 'clock'> & Acting, ref: GalleryRef): Promise<void> {
  await audited(deps, { action: 'gallery-train', gallery: auditedGallery(ref) }, () => markTrained(deps, ref));
}

async function markTrained(deps: Pick<Deps, 'store' | 'clock'>, ref: GalleryRef): Promise<void> {
  const gallery = await deps.store.getGallery(ref);
  const { enrolments } = await deps.store.countGallery(ref);
  const nowMs = deps.clock.nowMs();
  const before = gallery.training.lastSucceededMs;
  if (enrolments > 0) {
    await deps.store.setTraining(ref, { status: 'succeeded', lastActionMs: nowMs, lastSucceededMs: nowMs });
    return;
  }
  await deps.store.setTraining(ref, {
    status: 'failed',
    lastActionMs: nowMs,
    ...(before === undefined ? {} : { lastSucceededMs: before }),
    message: 'There is no person or no face in the gallery.',
  });
}

/** Whatever came of it; gallery-not-ready for one whose training was never asked for. */
export async function getTrainedGallery(deps: Pick<Deps, 'store'>, ref: GalleryRef): Promise<Gallery> {
  const gallery = await deps.store.getGallery(ref);
  if (gallery.training.status === 'never') throw neverTrained(gallery, false);
  return gallery;
}
