// Persons of a tenant's directory; core/directory.ts says how it is kept.

import { audited, auditedGallery } from '../audited.ts';
import { checkName, checkUserData } from '../checks.ts';
import { directoryFacesOf, openDirectory, unlessGone } from '../directory.ts';
import { eraseWithReceipt, type ReceiptDeps } from '../erase-with-receipt.ts';
import type { ErasedCounts, SignedReceipt } from '../erasure-types.ts';
import { MAX_PERSONS_DIRECTORY } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { Page } from '../storage/page.ts';
import type { Person } from '../types.ts';
import type { NamePatch } from './manage-galleries.ts';
import { getPerson, listPersons, updatePerson } from './manage-persons.ts';

export async function createDirectoryPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'> & Acting,
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
  const directory = await openDirectory(deps, tenantId);
  const deed = { action: 'person-create', personIds: [person.personId] } as const;
  return audited(deps, { ...deed, gallery: auditedGallery(directory) }, () =>
    deps.store.createPerson(directory, person, MAX_PERSONS_DIRECTORY),
  );
}

export async function getDirectoryPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'> & Acting,
  tenantId: string,
  personId: string,
): Promise<Person> {
  return getPerson(deps, await openDirectory(deps, tenantId), personId);
}

export async function listDirectoryPersons(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'> & Acting,
  tenantId: string,
  page: Page,
): Promise<readonly Person[]> {
  return listPersons(deps, await openDirectory(deps, tenantId), page);
}

export async function updateDirectoryPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock'> & Acting,
  person: { readonly tenantId: string; readonly personId: string },
  patch: NamePatch,
): Promise<void> {
  const gallery = await openDirectory(deps, person.tenantId);
  await updatePerson(deps, { gallery, personId: person.personId }, patch);
}

/** With all faces of every model, and off every roster. */
export async function deleteDirectoryPerson(
  deps: ReceiptDeps & Pick<Deps, 'vault' | 'recognitionModels'>,
  tenantId: string,
  personId: string,
): Promise<SignedReceipt> {
  const directory = await openDirectory(deps, tenantId);
  await deps.store.getPerson(directory, personId);
  return eraseWithReceipt(deps, { gallery: directory, personId }, async () => {
    const erased: (ErasedCounts | undefined)[] = [];
    // The faces first: a crash in between leaves a person without faces, to be deleted again, and no face without a person.
    for (const recognitionModel of deps.recognitionModels.keys()) {
      const faces = directoryFacesOf(tenantId, recognitionModel);
      erased.push(await unlessGone(deps.store.deletePerson(faces, personId)));
    }
    erased.push(await deps.store.deletePerson(directory, personId));
    return oneOf(erased.flatMap((counts) => counts ?? []));
  });
}

/** The same person in every gallery of the directory. */
function oneOf(erased: readonly ErasedCounts[]): ErasedCounts {
  const sum = (name: keyof ErasedCounts) => erased.reduce((total, counts) => total + counts[name], 0);
  return {
    persons: 1,
    keys: sum('keys'),
    templates: sum('templates'),
    photos: sum('photos'),
    consents: sum('consents'),
    snapshotTemplates: sum('snapshotTemplates'),
  };
}
