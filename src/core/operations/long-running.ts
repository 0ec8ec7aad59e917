// Work that a caller is told is under way, and can ask about later.
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

export interface StartedOperation {
  readonly operation: Operation;
  /** Resolves when the work is over and how it went is on record; never rejects but when that can't be recorded. */
  readonly finished: Promise<void>;
}

/** Begins work that takes longer than a caller should wait. What it throws becomes the operation's message. */
export async function startOperation(
  deps: OperationDeps,
  tenantId: string,
  work: (operationId: string) => Promise<Operation['outcome']>,
): Promise<StartedOperation> {
  const nowMs = deps.clock.nowMs();
  const operation: Operation = {
    operationId: deps.newId(),
    status: 'running',
    createdMs: nowMs,
    lastActionMs: nowMs,
  };
  await deps.store.insertOperation(tenantId, operation);
  const finished = work(operation.operationId).then(
    (outcome) => finish({ status: 'succeeded', ...(outcome ? { outcome } : {}) }),
    (error) =>
      finish({
        status: 'failed',
        message: error instanceof KithError ? error.message : 'An unexpected error happened.',
      }),
  );
  function finish(how: Pick<Operation, 'status' | 'outcome' | 'message'>): Promise<void> {
    const finishedMs = deps.clock.nowMs();
    return deps.store.updateOperation(tenantId, { ...operation, ...how, lastActionMs: finishedMs, finishedMs });
  }
  return { operation, finished };
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

/** To be called at a start, before requests: what was under way when the process ended is over. */
export async function failInterruptedOperations(deps: Pick<Deps, 'store' | 'clock'>): Promise<void> {
  const nowMs = deps.clock.nowMs();
  for (const { tenantId, ...operation } of await deps.store.listRunningOperations()) {
    await deps.store.updateOperation(tenantId, {
      ...operation,
      status: 'failed',
      message: 'The service was restarted before this was done; ask for it again.',
      lastActionMs: nowMs,
      finishedMs: nowMs,
    });
  }
}

/** Forgets operations that nobody may ask about any more. */
export async function sweepOperations(deps: Pick<Deps, 'store' | 'clock'>): Promise<number> {
  return deps.store.sweepOperations(deps.clock.nowMs() - OPERATION_KEPT_MS);
}
