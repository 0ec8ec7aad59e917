import Type, { type Static } from 'typebox';
import {
  createPerson,
  deletePerson,
  getPerson,
  listPersons,
  updatePerson,
} from '../../core/operations/manage-persons.ts';
import type { Deps } from '../../core/ports.ts';
import type { PersonWithEnrolments } from '../../core/storage/persons.ts';
import type { ContainerWords } from './container-words.ts';
import { pathGallery, pathIds } from './containers.ts';
import type { Routes } from './route.ts';
import { Guid, givenUserData, NameAndUserData, NamePatch, PageQuery, pageOf } from './wire.ts';

const PersonAnswer = Type.Object({
  personId: Guid,
  persistedFaceIds: Type.Array(Guid),
  name: Type.String(),
  userData: Type.Optional(Type.String()),
});

/** Persons of a person group or large person group. */
export function addPersonRoutes(
  routes: Routes,
  deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId' | 'follower' | 'erasureLedger' | 'receipts'>,
  words: ContainerWords,
): void {
  const common = { operation: 'container', tag: words.label } as const;
  const all = { ...common, path: `/${words.path}/:${words.idName}/persons`, params: pathIds(words, {}) } as const;
  const one = {
    ...common,
    path: `/${words.path}/:${words.idName}/persons/:personId`,
    params: pathIds(words, { personId: Guid }),
  } as const;

  routes.json({
    ...all,
    method: 'POST',
    summary: 'Create a person',
    permission: 'enrol',
    body: NameAndUserData,
    answers: Type.Object({ personId: Guid }),
    async handle(call) {
      const { personId } = await createPerson({ ...deps, audit: call.audit }, pathGallery(words, call), call.body);
      return { body: { personId } };
    },
  });
  routes.json({
    ...all,
    method: 'GET',
    summary: 'List persons by id',
    permission: 'search',
    query: PageQuery,
    answers: Type.Array(PersonAnswer),
    async handle(call) {
      const persons = await listPersons({ ...deps, audit: call.audit }, pathGallery(words, call), pageOf(call.query));
      return { body: persons.map(azurePerson) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a person',
    permission: 'search',
    answers: PersonAnswer,
    async handle(call) {
      return {
        body: azurePerson(
          await getPerson({ ...deps, audit: call.audit }, pathGallery(words, call), call.params.personId),
        ),
      };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a person's name or user data",
    permission: 'enrol',
    body: NamePatch,
    async handle(call) {
      const { personId } = call.params;
      await updatePerson({ ...deps, audit: call.audit }, { gallery: pathGallery(words, call), personId }, call.body);
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a person and their faces',
    permission: 'enrol',
    async handle(call) {
      await deletePerson({ ...deps, audit: call.audit }, pathGallery(words, call), call.params.personId);
      return {};
    },
  });
}

function azurePerson(person: PersonWithEnrolments): Static<typeof PersonAnswer> {
  return {
    personId: person.personId,
    persistedFaceIds: [...person.enrolmentIds],
    name: person.name,
    ...givenUserData(person),
  };
}
