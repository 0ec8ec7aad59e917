import type { Static } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import {
  browsePersons,
  createPerson,
  deletePerson,
  getPerson,
  listPersons,
  updatePerson,
} from '../../core/operations/manage-persons.ts';
import type { Deps } from '../../core/ports.ts';
import type { NamePlace, PersonWithEnrolments } from '../../core/storage/persons.ts';
import { coreConsent } from './consents.ts';
import { DEFAULT_PAGE, galleryRef } from './galleries.ts';
import type { Routes } from './route.ts';
import {
  Erasure,
  GalleryParams,
  NameQuery,
  NewPerson,
  Page,
  People,
  PeopleByName,
  Person,
  PersonParams,
  PersonPatch,
  wireTime,
} from './wire.ts';

export function addPeopleRoutes(routes: Routes, deps: Deps): void {
  routes.json({
    method: 'POST',
    path: '/galleries/:galleryId/people',
    summary: 'Add a person',
    permission: 'enrol',
    params: GalleryParams,
    body: NewPerson,
    answers: Person,
    success: 201,
    async handle({ audit, tenantId, params, body }) {
      const { consent, ...settings } = body;
      const person = await createPerson({ ...deps, audit }, galleryRef(tenantId, params.galleryId), {
        ...settings,
        ...(consent ? { consent: coreConsent(consent, deps.clock.nowMs()) } : {}),
      });
      return wirePerson({ ...person, enrolmentIds: [] });
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/people',
    summary: 'List people',
    permission: 'search',
    params: GalleryParams,
    query: Page,
    answers: People,
    async handle({ audit, tenantId, params, query }) {
      const page = { limit: query.limit ?? DEFAULT_PAGE, ...(query.after === undefined ? {} : { after: query.after }) };
      const found = await listPersons({ ...deps, audit }, galleryRef(tenantId, params.galleryId), page);
      return { people: found.map(wirePerson) };
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/people-by-name',
    summary: 'People in the order of their names or the newest first, all or those whose name has something in it',
    permission: 'search',
    params: GalleryParams,
    query: NameQuery,
    answers: PeopleByName,
    async handle({ audit, tenantId, params, query }) {
      const { containing, after, skip = 0, limit = DEFAULT_PAGE, order = 'name', count = false } = query;
      const { persons, total } = await browsePersons({ ...deps, audit }, galleryRef(tenantId, params.galleryId), {
        order,
        isCounted: count,
        limit,
        skip,
        ...(containing === undefined ? {} : { containing }),
        ...(after === undefined ? {} : { after: placeOf(after) }),
      });
      const last = persons.at(-1);
      return {
        people: persons.map(wirePerson),
        ...(last && persons.length === limit ? { next: nextAfter(last) } : {}),
        ...(total === undefined ? {} : { total }),
      };
    },
  });
  routes.json({
    method: 'GET',
    path: '/galleries/:galleryId/people/:personId',
    summary: 'A person',
    permission: 'search',
    params: PersonParams,
    answers: Person,
    async handle({ audit, tenantId, params }) {
      return wirePerson(await getPerson({ ...deps, audit }, galleryRef(tenantId, params.galleryId), params.personId));
    },
  });
  routes.json({
    method: 'PATCH',
    path: '/galleries/:galleryId/people/:personId',
    summary: 'Rename a person, or change their user data',
    permission: 'enrol',
    params: PersonParams,
    body: PersonPatch,
    answers: Person,
    async handle({ audit, tenantId, params, body }) {
      const gallery = galleryRef(tenantId, params.galleryId);
      await updatePerson({ ...deps, audit }, { gallery, personId: params.personId }, body);
      return wirePerson(await getPerson({ ...deps, audit }, gallery, params.personId));
    },
  });
  routes.json({
    method: 'DELETE',
    path: '/galleries/:galleryId/people/:personId',
    summary: 'Erase a person with all their faces; answers a signed receipt',
    permission: 'enrol',
    params: PersonParams,
    answers: Erasure,
    async handle({ audit, tenantId, params }) {
      return deletePerson({ ...deps, audit }, galleryRef(tenantId, params.galleryId), params.personId);
    },
  });
}

function nextAfter({ personNo, name }: NamePlace): string {
  return Buffer.from(`${personNo} ${name}`).toString('base64url');
}

function placeOf(after: string): NamePlace {
  const [, personNo = '', name = ''] = /^(\d{1,15}) (.*)$/s.exec(Buffer.from(after, 'base64url').toString()) ?? [];
  if (personNo === '') throw invalidArgument('after', 'malformed', 'It is the next of a page of this list.');
  return { name, personNo: Number(personNo) };
}

function wirePerson(person: PersonWithEnrolments): Static<typeof Person> {
  return {
    personId: person.personId,
    name: person.name,
    ...(person.userData === undefined ? {} : { userData: person.userData }),
    createdAt: wireTime(person.createdMs),
    faceIds: [...person.enrolmentIds],
  };
}
