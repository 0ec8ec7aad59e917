// Snapshots, which Azure had in v1.0: a group or list as it was, to be made anew under another id.
import Type, { type Static } from 'typebox';
import {
  applySnapshot,
  deleteSnapshot,
  getSnapshot,
  listSnapshots,
  takeSnapshot,
  updateSnapshot,
} from '../../core/operations/manage-snapshots.ts';
import type { Deps } from '../../core/ports.ts';
import type { Snapshot } from '../../core/types.ts';
import { CONTAINERS, type ContainerKind } from './container-words.ts';
import { operationHeaders } from './operations.ts';
import type { Routes } from './route.ts';
import { ContainerId, dateTime, Guid, givenUserData, UserData } from './wire.ts';

const SnapshotType = Type.String({ enum: Object.values(CONTAINERS).map(({ code }) => code) });
const ApplyScope = Type.Array(Guid, { minItems: 1 });

const SnapshotAnswer = Type.Object({
  id: Guid,
  account: Type.String(),
  type: SnapshotType,
  applyScope: Type.Array(Guid),
  userData: Type.Optional(Type.String()),
  createdTime: Type.String(),
  lastUpdateTime: Type.String(),
});

export function addSnapshotRoutes(routes: Routes, deps: Pick<Deps, 'store' | 'clock' | 'newId' | 'follower'>): void {
  const all = { path: '/snapshots', operation: 'snapshot', tag: 'Snapshot' } as const;
  const one = { ...all, path: '/snapshots/:snapshotId', params: Type.Object({ snapshotId: Guid }) } as const;

  routes.json({
    ...all,
    method: 'POST',
    summary: 'Take a snapshot',
    permission: 'enrol',
    body: Type.Object({
      type: SnapshotType,
      objectId: ContainerId,
      applyScope: ApplyScope,
      userData: Type.Optional(UserData),
    }),
    success: 202,
    async handle({ audit, tenantId, body, baseUrl }) {
      const { type, objectId, ...settings } = body;
      const operation = await takeSnapshot(
        { ...deps, audit },
        { tenantId, kind: kindOf(type), galleryId: objectId },
        settings,
      );
      return { headers: operationHeaders(operation, baseUrl) };
    },
  });
  routes.json({
    ...all,
    method: 'GET',
    summary: 'List snapshots by id',
    permission: 'enrol',
    query: Type.Object({ type: Type.Optional(SnapshotType), applyScope: Type.Optional(Type.Array(Guid)) }),
    answers: Type.Array(SnapshotAnswer),
    async handle({ tenantId, query }) {
      const { type, applyScope } = query;
      const snapshots = await listSnapshots(deps, tenantId, {
        ...(type === undefined ? {} : { kind: kindOf(type) }),
        ...(applyScope === undefined ? {} : { applyScope }),
      });
      return { body: snapshots.map((snapshot) => azureSnapshot(snapshot, tenantId)) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a snapshot',
    permission: 'enrol',
    answers: SnapshotAnswer,
    async handle({ tenantId, params }) {
      return { body: azureSnapshot(await getSnapshot(deps, tenantId, params.snapshotId), tenantId) };
    },
  });
  routes.json({
    ...one,
    method: 'PATCH',
    summary: "Change a snapshot's scope or user data",
    permission: 'enrol',
    body: Type.Object({ applyScope: Type.Optional(ApplyScope), userData: Type.Optional(UserData) }),
    async handle({ tenantId, params, body }) {
      await updateSnapshot(deps, { tenantId, ...params }, body);
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a snapshot',
    permission: 'enrol',
    async handle({ tenantId, params }) {
      await deleteSnapshot(deps, tenantId, params.snapshotId);
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'POST',
    path: `${one.path}/apply`,
    summary: 'Make what a snapshot is of anew, under an id that is free',
    permission: 'enrol',
    body: Type.Object({ objectId: ContainerId, mode: Type.Optional(Type.String({ enum: ['CreateNew'] })) }),
    success: 202,
    async handle({ audit, tenantId, params, body, baseUrl }) {
      const wish = { snapshotId: params.snapshotId, galleryId: body.objectId };
      return { headers: operationHeaders(await applySnapshot({ ...deps, audit }, tenantId, wish), baseUrl) };
    },
  });
}

function kindOf(type: string): ContainerKind {
  const words = Object.values(CONTAINERS).find(({ code }) => code === type);
  if (!words) throw new Error(`there is no container type ${type}`);
  return words.kind;
}

/** Azure's account is Kith's tenant. */
function azureSnapshot(snapshot: Snapshot, tenantId: string): Static<typeof SnapshotAnswer> {
  return {
    id: snapshot.snapshotId,
    account: tenantId,
    type: CONTAINERS[snapshot.kind as ContainerKind].code,
    applyScope: [...snapshot.applyScope],
    ...givenUserData(snapshot),
    createdTime: dateTime(snapshot.createdMs),
    lastUpdateTime: dateTime(snapshot.modifiedMs),
  };
}
