// Work that a caller is told is under way, and can ask about later.
import { unlessGone } from '../directory.ts';
import { KithError } from '../errors.ts';
import { OPERATION_KEPT_MS } from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { Operation } from '../types.ts';

type OperationDeps = Pick<Deps, 'store' | 'clock' | 'newId'>;

/** For callers that expect to wait, of work that was done before they were answered. */
export async function recordFinished(
  deps: OperationDeps,
  tenantId: string,
  outcome?: Operation['outcome'],
): Promise<Operation> {
  const nowMs = deps.clock.nowMs();
  const operation: Operation = {
    operationId: deps.newId(),
    status: 'succeeded',
    createdMs: nowMs,
    lastActionMs: nowMs,
    finishedMs: nowMs,
    ...(outcome ? { outcome } : {}),
  };
  await deps.store.insertOperation(tenantId, operation);
  return operation;
}

/**
 * Begins work that takes longer than a caller should wait, and answers at once. What the work throws becomes the
 * operation's message. `outcome` is what it makes: when the process ends before the work does, it is unmade.
 */
export async function startOperation(
  deps: OperationDeps,
  tenantId: string,
  task: { readonly outcome: NonNullable<Operation['outcome']>; readonly work: () => Promise<void> },
): Promise<Operation> {
  const nowMs = deps.clock.nowMs();
  const operation: Operation = {
    operationId: deps.newId(),
    status: 'running',
    createdMs: nowMs,
    lastActionMs: nowMs,
    outcome: task.outcome,
  };
  await deps.store.insertOperation(tenantId, operation);
  const finish = (how: Pick<Operation, 'status' | 'message'>): Promise<void> => {
    const finishedMs = deps.clock.nowMs();
    return deps.store.updateOperation(tenantId, { ...operation, ...how, lastActionMs: finishedMs, finishedMs });
  };
  task
    .work()
    .then(
      () => finish({ status: 'succeeded' }),
      (error) => finish({ status: 'failed', message: describe(error) }),
    )
    // How it went can't be recorded when the store is closed under it; the next start says so.
    .catch(() => undefined);
  return operation;
}

function describe(error: unknown): string {
  return error instanceof KithError ? error.message : 'An unexpected error happened.';
}

/** not-found for one that never was or is forgotten by now. */
export async function getOperation(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  operationId: string,
): Promise<Operation> {
  const operation = await deps.store.findOperation(tenantId, operationId);
  if (!operation || operation.createdMs + OPERATION_KEPT_MS <= deps.clock.nowMs()) {
    throw new KithError({ kind: 'not-found', resource: 'operation', id: operationId });
  }
  return operation;
}

/** To be called at a start, before requests: what was under way when the process ended is over, and unmade. */
export async function failInterruptedOperations(deps: Pick<Deps, 'store' | 'clock'>): Promise<void> {
  const nowMs = deps.clock.nowMs();
  for (const { tenantId, ...operation } of await deps.store.listRunningOperations()) {
    if (operation.outcome) await unmake(deps, tenantId, operation.outcome);
    await deps.store.updateOperation(tenantId, {
      ...operation,
      status: 'failed',
      message: 'The service was restarted before this was done; ask for it again.',
      lastActionMs: nowMs,
      finishedMs: nowMs,
    });
  }
}

async function unmake(
  deps: Pick<Deps, 'store'>,
  tenantId: string,
  { resource, id, galleryKind }: NonNullable<Operation['outcome']>,
): Promise<void> {
  if (resource === 'snapshot') await unlessGone(deps.store.deleteSnapshot(tenantId, id));
  if (resource === 'gallery' && galleryKind) {
    await unlessGone(deps.store.deleteGallery({ tenantId, kind: galleryKind, galleryId: id }));
  }
}

/** Forgets operations that nobody may ask about any more. */
export async function sweepOperations(deps: Pick<Deps, 'store' | 'clock'>): Promise<number> {
  return deps.store.sweepOperations(deps.clock.nowMs() - OPERATION_KEPT_MS);
}
