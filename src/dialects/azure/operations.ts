import Type, { type Static } from 'typebox';
import { getOperation } from '../../core/operations/long-running.ts';
import type { Deps } from '../../core/ports.ts';
import type { Operation } from '../../core/types.ts';
import { acceptedHeaders } from './accepted.ts';
import { CONTAINERS } from './container-words.ts';
import type { Routes } from './route.ts';
import { dateTime, Guid } from './wire.ts';

const OperationAnswer = Type.Object({
  operationId: Guid,
  status: Type.String({ enum: ['running', 'succeeded', 'failed'] }),
  createdTime: Type.String(),
  lastActionTime: Type.String(),
  finishedTime: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  resourceLocation: Type.Optional(Type.String()),
});

/** How long-running operations went; kept for 48 hours. */
export function addOperationRoute(routes: Routes, deps: Pick<Deps, 'store' | 'clock'>): void {
  routes.json({
    method: 'GET',
    path: '/operations/:operationId',
    operation: 'operation',
    summary: 'Ask how a long-running operation goes',
    tag: 'Operation',
    permission: 'search',
    params: Type.Object({ operationId: Guid }),
    answers: OperationAnswer,
    async handle({ tenantId, params, baseUrl }) {
      return { body: azureOperation(await getOperation(deps, tenantId, params.operationId), baseUrl) };
    },
  });
}

/** Headers of the 202 that names an operation, and what it made if that has an address. */
export function operationHeaders(operation: Operation, baseUrl: string, resourceUrl?: string): Record<string, string> {
  return acceptedHeaders(`${baseUrl}/operations/${operation.operationId}`, resourceUrl);
}

function azureOperation(operation: Operation, baseUrl: string): Static<typeof OperationAnswer> {
  const resourceLocation = locationOf(operation.outcome, baseUrl);
  return {
    operationId: operation.operationId,
    status: operation.status,
    createdTime: dateTime(operation.createdMs),
    lastActionTime: dateTime(operation.lastActionMs),
    ...(operation.finishedMs === undefined ? {} : { finishedTime: dateTime(operation.finishedMs) }),
    ...(operation.message === undefined ? {} : { message: operation.message }),
    ...(resourceLocation === undefined ? {} : { resourceLocation }),
  };
}

/** Azure gives a dynamic group's address whole, and that of a snapshot or of what it was applied to below the base path. */
function locationOf(outcome: Operation['outcome'], baseUrl: string): string | undefined {
  if (outcome?.resource === 'roster') return `${baseUrl}/dynamicpersongroups/${outcome.id}`;
  if (outcome?.resource === 'snapshot') return `/snapshots/${outcome.id}`;
  if (outcome?.resource === 'gallery' && outcome.galleryKind && outcome.galleryKind !== 'directory') {
    return `/${CONTAINERS[outcome.galleryKind].path}/${outcome.id}`;
  }
  return undefined;
}
