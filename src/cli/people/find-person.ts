import { isGuid } from '../../core/checks.ts';
import type { Deps } from '../../core/ports.ts';
import type { PersonWithEnrolments } from '../../core/storage/persons.ts';
import type { GalleryRef } from '../../core/types.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';

const SUGGESTED = 5;

/** A person by id or by name; a name that several have is refused with their ids. */
export async function findPerson(
  deps: Pick<Deps, 'store'>,
  gallery: GalleryRef,
  idOrName: string,
): Promise<PersonWithEnrolments> {
  if (isGuid(idOrName)) return deps.store.getPerson(gallery, idOrName);
  const [person, ...others] = await deps.store.findPersonsByName(gallery, idOrName.normalize('NFC'), SUGGESTED);
  if (!person) {
    throw new UsageError(
      `There is nobody called "${printable(idOrName)}" in "${gallery.galleryId}": kith people list shows who is there.`,
    );
  }
  if (others.length === 0) return person;
  const ids = [person, ...others].map(({ personId }) => personId).join(', ');
  throw new UsageError(`Several people are called "${printable(idOrName)}": name one by the id, of ${ids}.`);
}
