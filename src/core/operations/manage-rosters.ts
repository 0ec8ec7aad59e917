import { checkGalleryId, checkName, checkUserData, invalidArgument } from '../checks.ts';
import type { Deps } from '../ports.ts';
import type { Page } from '../storage/page.ts';
import type { RosterPatch } from '../storage/rosters.ts';
import type { GalleryRef, Roster, RosterRef } from '../types.ts';

type RosterDeps = Pick<Deps, 'store' | 'clock'>;

/** already-exists when the id is taken; not-found, and nothing made, when one of the persons is not in the gallery. */
export async function createRoster(
  deps: RosterDeps,
  ref: RosterRef,
  settings: { readonly name: string; readonly userData?: string; readonly personIds: readonly string[] },
): Promise<Roster> {
  checkGalleryId(ref.rosterId);
  checkName(settings.name);
  checkUserData(settings.userData);
  const { personIds, ...roster } = settings;
  return deps.store.createRoster(ref, { ...roster, createdMs: deps.clock.nowMs() }, personIds);
}

export async function getRoster(deps: Pick<Deps, 'store'>, ref: RosterRef): Promise<Roster> {
  return deps.store.getRoster(ref);
}

export async function listRosters(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  page: Page,
): Promise<readonly Roster[]> {
  return deps.store.listRosters(gallery, page);
}

export async function updateRoster(deps: RosterDeps, ref: RosterRef, patch: RosterPatch): Promise<void> {
  if (Object.values(patch).every((value) => value === undefined)) {
    throw invalidArgument('name', 'missing', 'A name, user data or persons are needed: there is nothing to change.');
  }
  if (patch.name !== undefined) checkName(patch.name);
  checkUserData(patch.userData);
  await deps.store.updateRoster(ref, patch, deps.clock.nowMs());
}

export async function deleteRoster(deps: Pick<Deps, 'store'>, ref: RosterRef): Promise<void> {
  await deps.store.deleteRoster(ref);
}

/** Ids of the persons on a roster. */
export async function listRosterPersons(
  deps: Pick<Deps, 'store'>,
  ref: RosterRef,
  page: Page,
): Promise<readonly string[]> {
  return deps.store.listRosterPersons(ref, page);
}

/** Ids of the rosters a person is on. */
export async function listRostersOfPerson(
  deps: Pick<Deps, 'store'>,
  person: { readonly gallery: GalleryRef; readonly personId: string },
  page: Page,
): Promise<readonly string[]> {
  return deps.store.listRostersOfPerson(person.gallery, person.personId, page);
}
