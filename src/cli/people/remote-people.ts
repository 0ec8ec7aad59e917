import type { Static } from 'typebox';
import { MAX_PAGE } from '../../core/limits.ts';
import type { NewConsent } from '../../core/storage/consents.ts';
import { Consent } from '../../dialects/kith/consent-wire.ts';
import * as wire from '../../dialects/kith/wire.ts';
import { coreQuality } from '../service/core-quality.ts';
import { pathTo } from '../service/path-to.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { KnownMerge, KnownPerson, PeopleOfGallery } from './people-of-gallery.ts';

/** Of several with one name, as many as are worth naming. */
const SAME_NAME = 5;

/** The service keeps the audit log, and its own search in step. */
export function openRemotePeople(service: ServiceClient, galleryId: string): PeopleOfGallery {
  const gallery = (...rest: readonly string[]) => pathTo('galleries', galleryId, ...rest);
  const person = (personId: string, ...rest: readonly string[]) => gallery('people', personId, ...rest);

  async function* everybody(): AsyncGenerator<KnownPerson> {
    let after: string | undefined;
    do {
      const query = { limit: MAX_PAGE, after };
      const { people } = await service.call({
        method: 'GET',
        path: gallery('people'),
        query,
        answers: wire.People,
        isRepeatable: true,
      });
      for (const found of people) yield known(found);
      after = people.length < MAX_PAGE ? undefined : people.at(-1)?.personId;
    } while (after !== undefined);
  }

  async function findByName(name: string): Promise<readonly KnownPerson[]> {
    const named: KnownPerson[] = [];
    let after: string | undefined;
    do {
      const page = await service.call({
        method: 'GET',
        path: gallery('people-by-name'),
        query: { containing: name, limit: MAX_PAGE, after },
        answers: wire.PeopleByName,
        isRepeatable: true,
      });
      named.push(...page.people.filter((found) => found.name === name).map(known));
      after = page.next;
    } while (after !== undefined && named.length < SAME_NAME);
    return named.slice(0, SAME_NAME);
  }

  return {
    galleryId,
    everybody,
    findByName,
    async getPerson(personId) {
      return known(
        await service.call({ method: 'GET', path: person(personId), answers: wire.Person, isRepeatable: true }),
      );
    },
    async facesOf(personId) {
      const path = person(personId, 'faces');
      const { faces } = await service.call({ method: 'GET', path, answers: wire.EnrolledFaces, isRepeatable: true });
      return faces.map(({ faceId, quality, hasPhoto, createdAt }) => ({
        faceId,
        quality: coreQuality(quality),
        hasPhoto,
        createdMs: Date.parse(createdAt),
      }));
    },
    async mergesOf(personId) {
      const path = person(personId, 'merges');
      const { merges } = await service.call({ method: 'GET', path, answers: wire.Merges, isRepeatable: true });
      return merges.map(knownMerge);
    },
    create({ name, consent }) {
      const json = { name, ...(consent ? { consent: wireNewConsent(consent) } : {}) };
      return service.call({ method: 'POST', path: gallery('people'), json, answers: wire.Person });
    },
    async rename(personId, name) {
      await service.call({ method: 'PATCH', path: person(personId), json: { name }, isRepeatable: true });
    },
    async merge({ fromPersonId, intoPersonId }) {
      const path = person(intoPersonId, 'merge');
      return service.call({ method: 'POST', path, json: { from: fromPersonId }, answers: wire.Merge });
    },
    async undoMerge(mergeId) {
      const path = gallery('merges', mergeId, 'undo');
      return knownMerge(await service.call({ method: 'POST', path, answers: wire.Merge }));
    },
    async moveFaces({ fromPersonId, toPersonId, faceIds }) {
      for (const faceId of faceIds) {
        const path = person(fromPersonId, 'faces', faceId, 'move');
        await service.call({ method: 'POST', path, json: { to: toPersonId } });
      }
    },
    async dismissPair([personId, otherId]) {
      await service.call({ method: 'PUT', path: gallery('dismissed-pairs', personId, otherId), isRepeatable: true });
    },
    async restorePair([personId, otherId]) {
      await service.call({ method: 'DELETE', path: gallery('dismissed-pairs', personId, otherId), isRepeatable: true });
    },
    async *dismissedPairs() {
      let after: number | undefined;
      do {
        const { pairs, next } = await service.call({
          method: 'GET',
          path: gallery('dismissed-pairs'),
          query: { limit: MAX_PAGE, after },
          answers: wire.DismissedPairs,
          isRepeatable: true,
        });
        for (const { people, keyId, dismissedAt } of pairs) {
          yield { people, keyId, dismissedMs: Date.parse(dismissedAt) };
        }
        after = next;
      } while (after !== undefined);
    },
    erase: (personId) => service.call({ method: 'DELETE', path: person(personId), answers: wire.Erasure }),
    async giveConsent(personId, consent) {
      const path = person(personId, 'consent');
      await service.call({ method: 'PUT', path, json: wireNewConsent(consent), answers: Consent, isRepeatable: true });
    },
    async withdrawConsent(personId) {
      await service.call({ method: 'DELETE', path: person(personId, 'consent'), isRepeatable: true });
    },
  };
}

function known({ personId, name, userData, createdAt, faceIds }: Static<typeof wire.Person>): KnownPerson {
  const createdMs = Date.parse(createdAt);
  return { personId, name, ...(userData === undefined ? {} : { userData }), createdMs, faceIds };
}

function knownMerge({ mergeId, into, from, fromName, mergedAt }: Static<typeof wire.Merge>): KnownMerge {
  return { mergeId, intoPersonId: into, fromPersonId: from, fromName, mergedMs: Date.parse(mergedAt) };
}

function wireNewConsent({ givenBy, method, textHash, givenMs, untilMs }: NewConsent) {
  const until = untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() };
  return { givenBy, method, textHash, givenAt: new Date(givenMs).toISOString(), ...until };
}
