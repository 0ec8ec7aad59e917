import { checkName, checkUserData } from '../checks.ts';
import { MAX_PERSONS_LARGE_PERSON_GALLERY, MAX_PERSONS_PERSON_GALLERY } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Page } from '../storage/page.ts';
import type { PersonWithEnrolments } from '../storage/persons.ts';
import type { GalleryRef, Person } from '../types.ts';
import { checkNamePatch, type NamePatch } from './manage-galleries.ts';

export async function createPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'>,
  ref: GalleryRef,
  settings: { readonly name: string; readonly userData?: string },
): Promise<Person> {
  checkName(settings.name);
  checkUserData(settings.userData);
  const maxPersons = ref.kind === 'person' ? MAX_PERSONS_PERSON_GALLERY : MAX_PERSONS_LARGE_PERSON_GALLERY;
  const person = {
    personId: deps.newId(),
    ...settings,
    wrappedKey: deps.vault.newPersonKey(ref.tenantId),
    createdMs: deps.clock.nowMs(),
  };
  return deps.store.createPerson(ref, person, maxPersons);
}

export async function getPerson(
  deps: Pick<Deps, 'store'>,
  ref: GalleryRef,
  personId: string,
): Promise<PersonWithEnrolments> {
  return deps.store.getPerson(ref, personId);
}

export async function listPersons(
  deps: Pick<Deps, 'store'>,
  ref: GalleryRef,
  page: Page,
): Promise<readonly PersonWithEnrolments[]> {
  return deps.store.listPersons(ref, page);
}

export async function updatePerson(
  deps: Pick<Deps, 'store' | 'clock'>,
  person: { readonly gallery: GalleryRef; readonly personId: string },
  patch: NamePatch,
): Promise<void> {
  checkNamePatch(patch);
  await deps.store.updatePerson(person.gallery, person.personId, patch, deps.clock.nowMs());
}

/** With all enrolments and the key that opens them. */
export async function deletePerson(
  deps: Pick<Deps, 'store' | 'follower'>,
  ref: GalleryRef,
  personId: string,
): Promise<void> {
  await deps.store.deletePerson(ref, personId);
  await deps.follower.catchUp();
}
