// Photos of many people, added one after the other: each person is made with the first photo that is taken.
import type { Api } from './api.ts';
import { isOutage } from './describe-error.ts';
import type { NewConsent, Person } from './wire.ts';

export interface PhotoToAdd {
  readonly id: number;
  readonly file: File;
  readonly personName: string;
}

let lastId = 0;

export function photoToAdd(file: File, personName: string): PhotoToAdd {
  return { id: ++lastId, file, personName };
}

export interface AddedSoFar {
  readonly total: number;
  readonly added: number;
  readonly refused: readonly { readonly photo: PhotoToAdd; readonly error: unknown }[];
  readonly startedMs: number;
}

const PHOTOS_AT_ONCE = 3;

/**
 * Takes photos off `queue` until it is empty or `isPaused` says so. A photo that a person has already is passed over by
 * the service. An outage stops it with the photo back in the queue; a refusal is only noted.
 */
export async function enrolMany(
  api: Api,
  galleryId: string,
  run: {
    readonly queue: PhotoToAdd[];
    readonly isPaused: () => boolean;
    readonly onAdded: () => void;
    readonly onRefused: (photo: PhotoToAdd, error: unknown) => void;
  },
): Promise<void> {
  const personIds = new Map<string, Promise<string>>();
  const personIdOf = (name: string): Promise<string> => {
    const known = personIds.get(name) ?? findOrMake(api, galleryId, name).then(({ personId }) => personId);
    personIds.set(name, known);
    known.catch(() => personIds.delete(name));
    return known;
  };
  let isOver = false;
  const lane = async (): Promise<void> => {
    for (let photo = run.queue.shift(); photo; photo = isOver || run.isPaused() ? undefined : run.queue.shift()) {
      try {
        await api.enrol(galleryId, await personIdOf(photo.personName), photo.file);
        run.onAdded();
      } catch (error) {
        if (isOutage(error)) {
          isOver = true;
          run.queue.unshift(photo);
          throw error;
        }
        run.onRefused(photo, error);
      }
    }
  };
  // Every lane has ended before it is gone on: two runs at once would make whoever is new twice
  const ends = await Promise.allSettled(Array.from({ length: PHOTOS_AT_ONCE }, lane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Whoever has this name already, or somebody new. */
export async function findOrMake(
  api: Api,
  galleryId: string,
  name: string,
  consent?: NewConsent,
): Promise<{ readonly personId: string; readonly isNew: boolean }> {
  let after: string | undefined;
  do {
    const page: { people: Person[]; next?: string } = await api.people(galleryId, {
      containing: name,
      limit: 1000,
      ...(after ? { after } : {}),
    });
    const found = page.people.find((person) => person.name === name);
    if (found) return { personId: found.personId, isNew: false };
    after = page.next;
  } while (after);
  return { personId: (await api.addPerson(galleryId, name, consent)).personId, isNew: true };
}
