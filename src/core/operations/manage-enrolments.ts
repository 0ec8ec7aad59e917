import { checkFaceUserData } from '../checks.ts';
import type { Deps } from '../ports.ts';
import type { Enrolment, GalleryRef } from '../types.ts';

export interface EnrolmentAddress {
  readonly gallery: GalleryRef;
  readonly personId: string;
  readonly enrolmentId: string;
}

export async function getEnrolment(deps: Pick<Deps, 'store'>, address: EnrolmentAddress): Promise<Enrolment> {
  return deps.store.getEnrolment(address.gallery, address.personId, address.enrolmentId);
}

export async function updateEnrolment(
  deps: Pick<Deps, 'store' | 'clock'>,
  address: EnrolmentAddress,
  userData: string,
): Promise<void> {
  checkFaceUserData(userData);
  await deps.store.updateEnrolment(
    address.gallery,
    address.personId,
    address.enrolmentId,
    { userData },
    deps.clock.nowMs(),
  );
}

export async function deleteEnrolment(
  deps: Pick<Deps, 'store' | 'follower'>,
  address: EnrolmentAddress,
): Promise<void> {
  await deps.store.deleteEnrolment(address.gallery, address.personId, address.enrolmentId);
  await deps.follower.catchUp();
}
