import { removeCopies } from '../../compose.ts';
import { MAX_PAGE } from '../../core/limits.ts';
import { dismissPair, listDismissedPairs, restorePair } from '../../core/operations/dismiss-pairs.ts';
import { giveConsent, withdrawConsent } from '../../core/operations/manage-consents.ts';
import { listEnrolments } from '../../core/operations/manage-enrolments.ts';
import { createPerson, deletePerson, listPersons, updatePerson } from '../../core/operations/manage-persons.ts';
import { listMerges, mergePersons, moveEnrolments, undoMerge } from '../../core/operations/merge-persons.ts';
import type { PersonWithEnrolments } from '../../core/storage/persons.ts';
import { type CommandContext, withRecords } from '../command-context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { getGallery } from '../find-gallery.ts';
import type { KnownPerson, PeopleOfGallery } from './people-of-gallery.ts';

/** Of several with one name, as many as are worth naming. */
const SAME_NAME = 5;

/** Who acts here, in the words of the audit log. */
const COMMAND_LINE = 'command-line';

/** Opens the data directory for as long as `work` takes. */
export function withLocalPeople(
  context: CommandContext,
  galleryId: string,
  work: (people: PeopleOfGallery) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withRecords(context, async (records, config) => {
    // The service's index follows the store by itself, within half a second
    const deps = { ...records, follower: { catchUp: async () => undefined } };
    // Copies on the disk go before an erasure is acknowledged
    const erasing = { ...records, follower: { catchUp: () => removeCopies(config) } };
    const gallery = await getGallery(deps, galleryId);
    const at = (personId: string) => ({ gallery, personId });
    return work({
      galleryId: gallery.galleryId,
      async *everybody() {
        let after: string | undefined;
        do {
          const page = await listPersons(deps, gallery, { limit: MAX_PAGE, ...(after === undefined ? {} : { after }) });
          for (const person of page) yield known(person);
          after = page.length < MAX_PAGE ? undefined : page.at(-1)?.personId;
        } while (after !== undefined);
      },
      getPerson: async (personId) => known(await deps.store.getPerson(gallery, personId)),
      findByName: async (name) => (await deps.store.findPersonsByName(gallery, name, SAME_NAME)).map(known),
      facesOf: async (personId) =>
        (await listEnrolments(deps, at(personId))).map(({ enrolmentId, ...face }) => ({
          faceId: enrolmentId,
          ...face,
        })),
      mergesOf: (personId) => listMerges(deps, gallery, personId),
      create: (person) => createPerson(deps, gallery, person),
      rename: (personId, name) => updatePerson(deps, at(personId), { name }),
      merge: (ids) => mergePersons(deps, gallery, ids),
      undoMerge: (mergeId) => undoMerge(deps, gallery, mergeId),
      moveFaces: ({ faceIds, ...ids }) => moveEnrolments(deps, gallery, { ...ids, enrolmentIds: faceIds }),
      dismissPair: (personIds) => dismissPair(deps, gallery, { personIds, keyId: COMMAND_LINE }),
      restorePair: (personIds) => restorePair(deps, gallery, personIds),
      async *dismissedPairs() {
        let before: number | undefined;
        do {
          const from = before === undefined ? {} : { beforePairNo: before };
          const page = await listDismissedPairs(deps, gallery, { limit: MAX_PAGE, ...from });
          for (const { persons, ...said } of page.pairs) {
            yield { people: persons.map(({ personId, personName }) => ({ personId, name: personName })), ...said };
          }
          before = page.nextBefore;
        } while (before !== undefined);
      },
      erase: (personId) => deletePerson(erasing, gallery, personId),
      giveConsent: async (personId, consent) => {
        await giveConsent(deps, at(personId), consent);
      },
      withdrawConsent: (personId) => withdrawConsent(erasing, at(personId)),
    });
  });
}

function known({ personId, name, userData, createdMs, enrolmentIds }: PersonWithEnrolments): KnownPerson {
  return { personId, name, ...(userData === undefined ? {} : { userData }), createdMs, faceIds: enrolmentIds };
}
