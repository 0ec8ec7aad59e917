import { audited, auditedGallery } from '../audited.ts';
import { checkName, checkUserData } from '../checks.ts';
import { eraseWithReceipt, type ReceiptDeps } from '../erase-with-receipt.ts';
import type { SignedReceipt } from '../erasure-types.ts';
import { MAX_PERSONS_LARGE_PERSON_GALLERY, MAX_PERSONS_PERSON_GALLERY } from '../limits.ts';
import type { Acting, Deps } from '../ports.ts';
import type { NewConsent } from '../storage/consents.ts';
import type { Page } from '../storage/page.ts';
import type { PersonsByName, PersonWithEnrolments } from '../storage/persons.ts';
import type { GalleryRef, Person } from '../types.ts';
import { checkConsent } from './manage-consents.ts';
import { checkNamePatch, type NamePatch } from './manage-galleries.ts';

export async function createPerson(
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'> & Acting,
  ref: GalleryRef,
  settings: { readonly name: string; readonly userData?: string; readonly consent?: NewConsent },
): Promise<Person> {
  checkName(settings.name);
  checkUserData(settings.userData);
  if (settings.consent) checkConsent(settings.consent, deps.clock.nowMs());
  const maxPersons = ref.kind === 'person' ? MAX_PERSONS_PERSON_GALLERY : MAX_PERSONS_LARGE_PERSON_GALLERY;
  const person = {
    personId: deps.newId(),
    ...settings,
    wrappedKey: deps.vault.newPersonKey(ref.tenantId),
    createdMs: deps.clock.nowMs(),
  };
  const { personId } = person;
  const of = { gallery: auditedGallery(ref), personIds: [personId] };
  return audited(deps, { action: 'person-create', ...of }, async () => {
    if (settings.consent) await deps.audit.record({ action: 'consent-give', outcome: 'done', ...of });
    return deps.store.createPerson(ref, person, maxPersons);
  });
}

export async function getPerson(
  deps: Pick<Deps, 'store'> & Acting,
  ref: GalleryRef,
  personId: string,
): Promise<PersonWithEnrolments> {
  const person = await deps.store.getPerson(ref, personId);
  const read = { action: 'person-read', outcome: 'done' } as const;
  await deps.audit.record({ ...read, gallery: auditedGallery(ref), personIds: [personId] });
  return person;
}

export async function listPersons(
  deps: Pick<Deps, 'store'> & Acting,
  ref: GalleryRef,
  page: Page,
): Promise<readonly PersonWithEnrolments[]> {
  const persons = await deps.store.listPersons(ref, page);
  const read = { action: 'person-read', outcome: 'done', counts: { persons: persons.length } } as const;
  await deps.audit.record({ ...read, gallery: auditedGallery(ref) });
  return persons;
}

/** For people who look for people; with how many there are where that is asked for. */
export async function browsePersons(
  deps: Pick<Deps, 'store'> & Acting,
  ref: GalleryRef,
  wanted: PersonsByName & { readonly order: 'name' | 'newest'; readonly isCounted: boolean },
): Promise<{ readonly persons: readonly PersonWithEnrolments[]; readonly total?: number }> {
  const { order, isCounted, ...page } = wanted;
  const { store } = deps;
  const persons = await (order === 'name' ? store.listPersonsByName(ref, page) : store.listNewestPersons(ref, page));
  const total = isCounted ? await store.countPersonsByName(ref, page.containing) : undefined;
  const read = { action: 'person-read', outcome: 'done', counts: { persons: persons.length } } as const;
  await deps.audit.record({ ...read, gallery: auditedGallery(ref) });
  return { persons, ...(total === undefined ? {} : { total }) };
}

export async function updatePerson(
  deps: Pick<Deps, 'store' | 'clock'> & Acting,
  person: { readonly gallery: GalleryRef; readonly personId: string },
  patch: NamePatch,
): Promise<void> {
  checkNamePatch(patch);
  const { gallery, personId } = person;
  await audited(deps, { action: 'person-change', gallery: auditedGallery(gallery), personIds: [personId] }, () =>
    deps.store.updatePerson(gallery, personId, patch, deps.clock.nowMs()),
  );
}

/** With all enrolments and the key that opens them. */
export function deletePerson(deps: ReceiptDeps, gallery: GalleryRef, personId: string): Promise<SignedReceipt> {
  return eraseWithReceipt(deps, { gallery, personId }, () => deps.store.deletePerson(gallery, personId));
}
