import { packFor } from '../checks.ts';
import { type BestNonMate, fitTail, type LikelyDuplicate, MIN_PERSONS_FOR_OWN_TAIL } from '../fit-tail.ts';
import { packTail } from '../impostor-tail.ts';
import type { Deps } from '../ports.ts';
import { rankPersons } from '../rank-persons.ts';
import type { SealedEnrolment } from '../storage/enrolments.ts';
import type { Gallery, GalleryTail } from '../types.ts';

/** Persons whose best non-mates are looked up: enough for the tail, and done in a minute at a million people. */
const MAX_SAMPLE = 4000;
/** Searches under way at once: few, so that people who wait for an answer go first. */
const PARALLEL_SEARCHES = 4;
/** A tail is fitted again when the gallery has grown or shrunk by this share since. */
const REFIT_SHARE = 0.2;

type CalibrateDeps = Pick<Deps, 'store' | 'vault' | 'index' | 'engine' | 'clock' | 'recognitionModels'>;

export interface GalleryCalibration {
  readonly tail: GalleryTail;
  readonly likelyDuplicates: readonly LikelyDuplicate[];
}

/** True when the gallery is large enough for a tail of its own and has none, or one that no longer fits. */
export async function needsCalibration(deps: Pick<Deps, 'index'>, gallery: Gallery): Promise<boolean> {
  const { persons, enrolments } = await deps.index.size(gallery.galleryNo);
  if (persons < MIN_PERSONS_FOR_OWN_TAIL) return false;
  const fitted = gallery.tail?.enrolments;
  return fitted === undefined || Math.abs(enrolments - fitted) > REFIT_SHARE * fitted;
}

/**
 * Fits the gallery's own impostor tail: one enrolment of each sampled person is searched among all the others, as a
 * stranger's would be. Undefined when the gallery is too small for it; its pack's tail stands then.
 */
export async function calibrateGallery(
  deps: CalibrateDeps,
  gallery: Gallery,
  signal?: AbortSignal,
): Promise<GalleryCalibration | undefined> {
  const { persons, enrolments } = await deps.index.size(gallery.galleryNo);
  if (persons < MIN_PERSONS_FOR_OWN_TAIL) return undefined;
  const pack = packFor(deps, gallery.recognitionModel);
  const sample = await deps.store.sampleEnrolments(gallery, MAX_SAMPLE);
  const bestNonMates = await findBestNonMates(deps, { gallery, sample, signal });
  const fitted = fitTail(bestNonMates, { persons, packCurve: packTail(pack.calibration) });
  if (!fitted) return undefined;

  // Other templates by now, or the same turned with another key: what was measured is a mixture
  const now = await deps.store.findGallery(gallery);
  if (now?.templatesChangedMs !== gallery.templatesChangedMs) return undefined;
  const tail: GalleryTail = { curve: fitted.curve, fittedMs: deps.clock.nowMs(), enrolments };
  await deps.store.setTail(gallery, tail);
  return { tail, likelyDuplicates: fitted.likelyDuplicates };
}

async function findBestNonMates(
  deps: CalibrateDeps,
  work: {
    readonly gallery: Gallery;
    readonly sample: readonly SealedEnrolment[];
    readonly signal: AbortSignal | undefined;
  },
): Promise<BestNonMate[]> {
  const { gallery, sample, signal } = work;
  const found: BestNonMate[] = [];
  let next = 0;
  const searchOn = async (): Promise<void> => {
    for (;;) {
      const enrolment = sample[next++];
      if (!enrolment) return;
      signal?.throwIfAborted();
      const { personNo, tenantId, wrappedKey, sealedTemplate } = enrolment;
      const vector = deps.vault.openTemplate(tenantId, wrappedKey, sealedTemplate);
      // The person themselves comes first; exact, because the shortlist is made for mates, not for strangers.
      const { persons } = await rankPersons(deps, gallery, {
        vector,
        maxPersons: 2,
        minScore: -1,
        exact: true,
        signal,
      });
      const best = persons.find((person) => person.personNo !== personNo);
      if (best) found.push({ personNo, otherPersonNo: best.personNo, score: best.score });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_SEARCHES }, searchOn));
  return found;
}
