import { DEFAULT_RECOGNITION_MODEL } from '../../core/limits.ts';
import { openPhotoImporter } from '../../core/operations/import-photos.ts';
import { createGallery } from '../../core/operations/manage-galleries.ts';
import { trainGallery } from '../../core/operations/train-gallery.ts';
import type { Acting, Deps } from '../../core/ports.ts';
import { DEFAULT_TENANT } from '../../default-tenant.ts';
import { findGallery } from '../find-gallery.ts';
import { type PhotoTaker, sayWhetherKept, type TakerOptions } from './photo-taker.ts';

type TakerDeps = Omit<Deps, 'index'> & Acting;

export async function openLocalTaker(deps: TakerDeps, options: TakerOptions): Promise<PhotoTaker> {
  const { isDryRun, target, minQuality } = options;
  const gallery = await openGallery(deps, options);
  const importer = openPhotoImporter(deps, gallery, { target, minQuality });
  return {
    async take(photo) {
      const taken = await (isDryRun ? importer.checkPhoto(photo) : importer.importPhoto(photo));
      if (taken.outcome === 'usable') return taken;
      const { outcome, person, enrolment, consentGiven } = taken;
      return {
        outcome,
        personId: person.personId,
        faceId: enrolment.enrolmentId,
        quality: enrolment.quality,
        ...(consentGiven ? { consentGiven } : {}),
      };
    },
    async finish() {
      if (isDryRun) return false;
      // So that doors whose callers expect a trained gallery answer at once
      const { enrolments } = await deps.store.countGallery(gallery);
      if (enrolments > 0) await trainGallery(deps, gallery);
      return enrolments > 0;
    },
  };
}

/** Made when missing, of the kind that Azure's clients see as a large person group; only imagined in a dry run. */
async function openGallery(deps: TakerDeps, options: TakerOptions) {
  const { galleryId, isDryRun, keepPhotos, note } = options;
  const found = await findGallery(deps, galleryId);
  if (found) {
    sayWhetherKept(options, found);
    return found;
  }
  const ref = { tenantId: DEFAULT_TENANT, kind: 'large-person', galleryId } as const;
  const settings = { name: galleryId, recognitionModel: DEFAULT_RECOGNITION_MODEL, keepPhotos };
  if (isDryRun) return { ...ref, ...settings, consentPolicy: 'attested' as const };
  const made = await createGallery(deps, ref, settings);
  note(`Made the gallery "${galleryId}".`);
  return made;
}
