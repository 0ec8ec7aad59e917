// Dynamic person groups: Kith's rosters of the person directory. They need no training.
import Type from 'typebox';
import { openDirectory } from '../../core/directory.ts';
import { recordFinished } from '../../core/operations/long-running.ts';
import {
  createRoster,
  deleteRoster,
  getRoster,
  listRosterPersons,
  listRosters,
  updateRoster,
} from '../../core/operations/manage-rosters.ts';
import type { Deps } from '../../core/ports.ts';
import type { Roster, RosterRef } from '../../core/types.ts';
import { PersonPageQuery } from './directory-persons.ts';
import { operationHeaders } from './operations.ts';
import type { Answer, Call, Routes } from './route.ts';
import { ContainerId, Guid, givenUserData, Name, PageQuery, pageOf, UserData } from './wire.ts';

const PersonIds = Type.Array(Guid);
const DynamicGroup = Type.Object({
  dynamicPersonGroupId: ContainerId,
  name: Type.String(),
  userData: Type.Optional(Type.String()),
});

type GroupCall = Pick<Call<{ readonly dynamicPersonGroupId: string }, unknown, unknown>, 'tenantId' | 'params'>;

export function addDynamicGroupRoutes(routes: Routes, deps: Pick<Deps, 'store' | 'vault' | 'clock' | 'newId'>): void {
  const common = { operation: 'directory', tag: 'Dynamic person group' } as const;
  const one = {
    ...common,
    path: '/dynamicpersongroups/:dynamicPersonGroupId',
    params: Type.Object({ dynamicPersonGroupId: ContainerId }),
  } as const;

  async function groupOf({ tenantId, params }: GroupCall): Promise<RosterRef> {
    return { gallery: await openDirectory(deps, tenantId), rosterId: params.dynamicPersonGroupId };
  }
  /** Azure answers at once where only the name is at stake, and by an operation where persons come or go. */
  async function answer(call: Call<{ dynamicPersonGroupId: string }, unknown, unknown>, movesPersons: boolean) {
    if (!movesPersons) return {};
    const { tenantId, params, baseUrl } = call;
    const outcome = { resource: 'roster', id: params.dynamicPersonGroupId } as const;
    const operation = await recordFinished(deps, tenantId, outcome);
    return { status: 202, headers: operationHeaders(operation, baseUrl) } satisfies Answer<never>;
  }

  routes.json({
    ...one,
    method: 'PUT',
    summary: 'Create a dynamic person group, with persons of the directory in it',
    permission: 'enrol',
    mayTakeTime: true,
    body: Type.Object({ name: Name, userData: Type.Optional(UserData), addPersonIds: Type.Optional(PersonIds) }),
    async handle(call) {
      const { addPersonIds, ...settings } = call.body;
      await createRoster(deps, await groupOf(call), { ...settings, personIds: addPersonIds ?? [] });
      return answer(call, addPersonIds !== undefined && addPersonIds.length > 0);
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a dynamic person group's name, user data or persons",
    permission: 'enrol',
    mayTakeTime: true,
    body: Type.Object({
      name: Type.Optional(Name),
      userData: Type.Optional(UserData),
      addPersonIds: Type.Optional(PersonIds),
      removePersonIds: Type.Optional(PersonIds),
    }),
    async handle(call) {
      await updateRoster(deps, await groupOf(call), call.body);
      return answer(call, call.body.addPersonIds !== undefined || call.body.removePersonIds !== undefined);
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a dynamic person group',
    permission: 'search',
    answers: DynamicGroup,
    async handle(call) {
      return { body: azureGroup(await getRoster(deps, await groupOf(call))) };
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a dynamic person group; its persons stay in the directory',
    permission: 'enrol',
    success: 202,
    async handle(call) {
      await deleteRoster(deps, await groupOf(call));
      const operation = await recordFinished(deps, call.tenantId);
      return { headers: operationHeaders(operation, call.baseUrl) };
    },
  });
  routes.json({
    ...common,
    method: 'GET',
    path: '/dynamicpersongroups',
    summary: 'List dynamic person groups by id',
    permission: 'search',
    query: PageQuery,
    answers: Type.Array(DynamicGroup),
    async handle({ tenantId, query }) {
      const rosters = await listRosters(deps, await openDirectory(deps, tenantId), pageOf(query));
      return { body: rosters.map(azureGroup) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    path: `${one.path}/persons`,
    summary: 'List the persons of a dynamic person group by id',
    permission: 'search',
    query: PersonPageQuery,
    answers: Type.Object({ personIds: Type.Array(Guid) }),
    async handle(call) {
      return { body: { personIds: [...(await listRosterPersons(deps, await groupOf(call), pageOf(call.query)))] } };
    },
  });
}

function azureGroup(roster: Roster) {
  return { dynamicPersonGroupId: roster.rosterId, name: roster.name, ...givenUserData(roster) };
}
