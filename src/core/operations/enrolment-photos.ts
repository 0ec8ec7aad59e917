import { KithError } from '../errors.ts';
import type { Acting, Deps } from '../ports.ts';
import { auditedEnrolment, type EnrolmentAddress } from './manage-enrolments.ts';

/** A transaction's worth: 20 MB of pictures. */
const SWEEP_BATCH = 1000;

/** The kept picture of an enrolled face, a JPEG; not-found where the gallery keeps none. */
export async function getEnrolmentPhoto(
  deps: Pick<Deps, 'store' | 'vault'> & Acting,
  address: EnrolmentAddress,
): Promise<Uint8Array> {
  const { gallery, personId, enrolmentId } = address;
  const found = await deps.store.findEnrolmentPhoto(gallery, personId, enrolmentId);
  if (!found) throw new KithError({ kind: 'not-found', resource: 'photo', id: enrolmentId, galleryKind: gallery.kind });
  await deps.audit.record({ action: 'person-read', outcome: 'done', ...auditedEnrolment(address) });
  return deps.vault.openPhoto(gallery.tenantId, found.wrappedKey, found.sealedPhoto);
}

/** Erases the pictures of galleries that keep none any more, those too that an interrupted sweep left. */
export async function sweepPhotos(deps: Pick<Deps, 'store'>): Promise<void> {
  while ((await deps.store.sweepEnrolmentPhotos(SWEEP_BATCH)) === SWEEP_BATCH);
}
