import { audited, auditedGallery } from '../audited.ts';
import { checkFaceUserData } from '../checks.ts';
import type { Acting, Deps } from '../ports.ts';
import { settleErasure } from '../settle-erasure.ts';
import type { Enrolment, GalleryRef } from '../types.ts';

export interface EnrolmentAddress {
  readonly gallery: GalleryRef;
  readonly personId: string;
  readonly enrolmentId: string;
}

export async function getEnrolment(deps: Pick<Deps, 'store'> & Acting, address: EnrolmentAddress): Promise<Enrolment> {
  const enrolment = await deps.store.getEnrolment(address.gallery, address.personId, address.enrolmentId);
  await deps.audit.record({ action: 'person-read', outcome: 'done', ...auditedEnrolment(address) });
  return enrolment;
}

/** In the order of enrolment. */
export async function listEnrolments(
  deps: Pick<Deps, 'store'> & Acting,
  { gallery, personId }: Pick<EnrolmentAddress, 'gallery' | 'personId'>,
): Promise<readonly Enrolment[]> {
  const enrolments = await deps.store.listEnrolments(gallery, personId);
  const read = { action: 'person-read', outcome: 'done', counts: { enrolments: enrolments.length } } as const;
  await deps.audit.record({ ...read, gallery: auditedGallery(gallery), personIds: [personId] });
  return enrolments;
}

export async function updateEnrolment(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  address: EnrolmentAddress,
  userData: string,
): Promise<void> {
  checkFaceUserData(userData);
  const { gallery, personId, enrolmentId } = address;
  await audited(deps, { action: 'enrolment-change', ...auditedEnrolment(address) }, () =>
    deps.store.updateEnrolment(gallery, personId, enrolmentId, { userData }, deps.clock.nowMs()),
  );
}

export async function deleteEnrolment(
  deps: Pick<Deps, 'store' | 'follower' | 'erasureLedger'> & Acting,
  address: EnrolmentAddress,
): Promise<void> {
  await audited(deps, { action: 'erase-enrolment', ...auditedEnrolment(address) }, async () => {
    await deps.store.deleteEnrolment(address.gallery, address.personId, address.enrolmentId);
    await settleErasure(deps);
  });
}

export function auditedEnrolment({ gallery, personId, enrolmentId }: EnrolmentAddress) {
  return { gallery: auditedGallery(gallery), personIds: [personId], enrolmentIds: [enrolmentId] };
}
