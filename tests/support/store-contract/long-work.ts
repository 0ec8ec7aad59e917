import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { StoredLivenessSession } from '../../../src/core/storage/liveness-sessions.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { Operation } from '../../../src/core/types.ts';
import { newTenantId, uniqueBytes } from './samples.ts';

export function longWorkContract(store: () => Store): void {
  test('an operation is followed to its end, by its own tenant', async () => {
    const tenantId = newTenantId();
    const begun: Operation = { operationId: randomUUID(), status: 'running', createdMs: 10, lastActionMs: 10 };
    await store().insertOperation(tenantId, begun);
    expect(await store().findOperation(tenantId, begun.operationId)).toEqual(begun);
    expect(await store().listRunningOperations()).toContainEqual({ ...begun, tenantId });
    const done: Operation = {
      ...begun,
      status: 'succeeded',
      lastActionMs: 20,
      finishedMs: 20,
      outcome: { resource: 'person', id: 'p' },
    };
    await store().updateOperation(tenantId, done);
    expect(await store().findOperation(tenantId, begun.operationId)).toEqual(done);
    expect(await store().listRunningOperations()).not.toContainEqual(expect.objectContaining({ tenantId }));
    expect(await store().findOperation(newTenantId(), begun.operationId)).toBeUndefined();
  });

  test('operations are swept away once old', async () => {
    await store().sweepOperations(Number.MAX_SAFE_INTEGER);
    const tenantId = newTenantId();
    const operations = [1, 2, 3].map((createdMs): Operation => {
      return { operationId: randomUUID(), status: 'failed', message: 'stopped', createdMs, lastActionMs: createdMs };
    });
    for (const operation of operations) await store().insertOperation(tenantId, operation);
    expect(await store().sweepOperations(3)).toBe(2);
    expect(await store().findOperation(tenantId, operations[2]?.operationId ?? '')).toEqual(operations[2]);
  });

  test('a liveness session is kept whole, listed in pages, and swept away once old', async () => {
    await store().sweepLivenessSessions(Number.MAX_SAFE_INTEGER);
    const tenantId = newTenantId();
    const bare = (sessionId: string, createdMs: number): StoredLivenessSession => {
      return { sessionId, withReference: false, tokenTtlS: 600, createdMs, settings: {} };
    };
    const full: StoredLivenessSession = {
      ...bare(randomUUID(), 1),
      withReference: true,
      reference: {
        box: { leftPx: 1, topPx: 2, widthPx: 3, heightPx: 4 },
        quality: { level: 'high', reasons: [] },
        packId: 'fast',
      },
      deviceCorrelationId: 'device',
      settings: { livenessOperationMode: 'Passive', sendResultsToClient: true, tries: 3 },
    };
    const sealedReference = uniqueBytes(2077);
    await store().insertLivenessSession(tenantId, { ...full, sealedReference });
    const { sealedReference: found, ...rest } = (await store().findLivenessSession(tenantId, full.sessionId)) ?? {};
    expect(rest).toEqual(full);
    expect(Buffer.from(found ?? []).equals(sealedReference)).toBe(true);

    const sessions = [bare('a', 10), bare('b', 20), bare('c', 30)];
    for (const session of sessions) await store().insertLivenessSession(tenantId, session);
    const without = { withReference: false };
    expect(await store().listLivenessSessions(tenantId, without, { limit: 2 })).toEqual(sessions.slice(0, 2));
    expect(await store().listLivenessSessions(tenantId, without, { after: 'b', limit: 2 })).toEqual(sessions.slice(2));
    expect(await store().findLivenessSession(newTenantId(), 'a')).toBeUndefined();
    expect(await store().deleteLivenessSession(newTenantId(), 'a')).toBe(false);
    expect(await store().deleteLivenessSession(tenantId, 'a')).toBe(true);
    expect(await store().deleteLivenessSession(tenantId, 'a')).toBe(false);
    expect(await store().sweepLivenessSessions(30)).toBe(2);
    expect(await store().findLivenessSession(tenantId, 'c')).toEqual(sessions[2]);
  });
}
