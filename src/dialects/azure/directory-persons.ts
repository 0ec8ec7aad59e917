// The person directory: persons of no group, found by dynamic person groups or all together.
import Type from 'typebox';
import { directoryOf } from '../../core/directory.ts';
import { recordFinished } from '../../core/operations/long-running.ts';
import {
  createDirectoryPerson,
  deleteDirectoryPerson,
  getDirectoryPerson,
  listDirectoryPersons,
  updateDirectoryPerson,
} from '../../core/operations/manage-directory.ts';
import { listRostersOfPerson } from '../../core/operations/manage-rosters.ts';
import type { Deps } from '../../core/ports.ts';
import type { Person } from '../../core/types.ts';
import { operationHeaders } from './operations.ts';
import type { Routes } from './route.ts';
import { Guid, givenUserData, NameAndUserData, NamePatch, PageQuery, pageOf } from './wire.ts';

const DirectoryPerson = Type.Object({ personId: Guid, name: Type.String(), userData: Type.Optional(Type.String()) });

/** Persons are listed by their ids, so `start` is one. */
export const PersonPageQuery = Type.Object({ ...PageQuery.properties, start: Type.Optional(Guid) });

export function addDirectoryPersonRoutes(
  routes: Routes,
  deps: Pick<
    Deps,
    'store' | 'vault' | 'clock' | 'newId' | 'follower' | 'erasureLedger' | 'receipts' | 'recognitionModels'
  >,
): void {
  const all = { path: '/persons', operation: 'directory', tag: 'Person directory' } as const;
  const one = { ...all, path: '/persons/:personId', params: Type.Object({ personId: Guid }) } as const;

  routes.json({
    ...all,
    method: 'POST',
    summary: 'Create a person',
    permission: 'enrol',
    body: NameAndUserData,
    answers: Type.Object({ personId: Guid }),
    success: 202,
    async handle({ audit, tenantId, body, baseUrl }) {
      const { personId } = await createDirectoryPerson({ ...deps, audit }, tenantId, body);
      const operation = await recordFinished(deps, tenantId, { resource: 'person', id: personId });
      return {
        headers: operationHeaders(operation, baseUrl, `${baseUrl}/persons/${personId}`),
        body: { personId },
      };
    },
  });
  routes.json({
    ...all,
    method: 'GET',
    summary: 'List persons by id',
    permission: 'search',
    query: PersonPageQuery,
    answers: Type.Array(DirectoryPerson),
    async handle({ audit, tenantId, query }) {
      const persons = await listDirectoryPersons({ ...deps, audit }, tenantId, pageOf(query));
      return { body: persons.map(azureDirectoryPerson) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a person',
    permission: 'search',
    answers: DirectoryPerson,
    async handle({ audit, tenantId, params }) {
      return { body: azureDirectoryPerson(await getDirectoryPerson({ ...deps, audit }, tenantId, params.personId)) };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a person's name or user data",
    permission: 'enrol',
    body: NamePatch,
    async handle({ audit, tenantId, params, body }) {
      await updateDirectoryPerson({ ...deps, audit }, { tenantId, personId: params.personId }, body);
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a person and their faces',
    permission: 'enrol',
    success: 202,
    async handle({ audit, tenantId, params, baseUrl }) {
      await deleteDirectoryPerson({ ...deps, audit }, tenantId, params.personId);
      return { headers: operationHeaders(await recordFinished(deps, tenantId), baseUrl) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    path: `${one.path}/dynamicPersonGroupReferences`,
    summary: 'List the dynamic person groups a person is in',
    permission: 'search',
    query: PageQuery,
    answers: Type.Object({ dynamicPersonGroupIds: Type.Array(Type.String()) }),
    async handle({ audit, tenantId, params, query }) {
      await getDirectoryPerson({ ...deps, audit }, tenantId, params.personId);
      const person = { gallery: directoryOf(tenantId), personId: params.personId };
      return { body: { dynamicPersonGroupIds: [...(await listRostersOfPerson(deps, person, pageOf(query)))] } };
    },
  });
}

function azureDirectoryPerson(person: Person) {
  return { personId: person.personId, name: person.name, ...givenUserData(person) };
}
