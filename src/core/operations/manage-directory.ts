// Persons of a tenant's directory; core/directory.ts says how it is kept.
import { checkName, checkUserData } from '../checks.ts';
import { directoryFacesOf, openDirectory, unlessGone } from '../directory.ts';
import { MAX_PERSONS_DIRECTORY } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Page } from '../storage/page.ts';
import type { Person } from '../types.ts';
import { checkNamePatch, type NamePatch } from './manage-galleries.ts';

export async function createDirectoryPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'>,
  tenantId: string,
  settings: { readonly name: string; readonly userData?: string },
): Promise<Person> {
  checkName(settings.name);
  checkUserData(settings.userData);
  const person = {
    personId: deps.newId(),
    ...settings,
    wrappedKey: deps.vault.newPersonKey(tenantId),
    createdMs: deps.clock.nowMs(),
  };
  return deps.store.createPerson(await openDirectory(deps, tenantId), person, MAX_PERSONS_DIRECTORY);
}

export async function getDirectoryPerson(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  personId: string,
): Promise<Person> {
  return deps.store.getPerson(await openDirectory(deps, tenantId), personId);
}

export async function listDirectoryPersons(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  page: Page,
): Promise<readonly Person[]> {
  return deps.store.listPersons(await openDirectory(deps, tenantId), page);
}

export async function updateDirectoryPerson(
  deps: Pick<Deps, 'store' | 'clock'>,
  person: { readonly tenantId: string; readonly personId: string },
  patch: NamePatch,
): Promise<void> {
  checkNamePatch(patch);
  const directory = await openDirectory(deps, person.tenantId);
  await deps.store.updatePerson(directory, person.personId, patch, deps.clock.nowMs());
}

/** With all faces of every model, and off every roster. */
export async function deleteDirectoryPerson(
  deps: Pick<Deps, 'store' | 'clock' | 'follower' | 'recognitionModels'>,
  tenantId: string,
  personId: string,
): Promise<void> {
  const directory = await openDirectory(deps, tenantId);
  await deps.store.getPerson(directory, personId);
  // The faces first: a crash in between leaves a person without faces, to be deleted again, and no face without a person.
  for (const recognitionModel of deps.recognitionModels.keys()) {
    const faces = directoryFacesOf(tenantId, recognitionModel);
    await unlessGone(deps.store.deletePerson(faces, personId));
  }
  await deps.store.deletePerson(directory, personId);
  await deps.follower.catchUp();
}
