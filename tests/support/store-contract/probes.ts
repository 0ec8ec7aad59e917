import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import { expectProblem, newProbe, newTenantId } from './samples.ts';

export function probesContract(store: () => Store): void {
  test('are found until they expire, by their own tenant', async () => {
    const tenantId = newTenantId();
    const probe = newProbe({ quality: { level: 'low', reasons: ['too-dark', 'blurred'] }, expiresMs: 5000 });
    const later = newProbe({ expiresMs: 6000 });
    await store().insertProbes(tenantId, [probe, later]);
    const ids = [later.probeId, randomUUID(), probe.probeId];
    const found = await store().findProbes(tenantId, ids, 4999);
    expect(found.size).toBe(2);
    const { sealedTemplate, ...rest } = found.get(probe.probeId) ?? {};
    expect(Buffer.from(sealedTemplate ?? []).equals(probe.sealedTemplate)).toBe(true);
    expect({ ...rest, sealedTemplate: probe.sealedTemplate }).toEqual(probe);
    expect([...(await store().findProbes(tenantId, ids, 5000)).keys()]).toEqual([later.probeId]);
    expect((await store().findProbes(newTenantId(), ids, 0)).size).toBe(0);
  });

  test('come all or none', async () => {
    const tenantId = newTenantId();
    const [known, fresh] = [newProbe(), newProbe()];
    await store().insertProbes(tenantId, [known]);
    await expectProblem(store().insertProbes(tenantId, [fresh, known]), {
      kind: 'already-exists',
      resource: 'probe',
      id: known.probeId,
    });
    expect((await store().findProbes(tenantId, [fresh.probeId], 0)).size).toBe(0);
    await store().insertProbes(newTenantId(), [known]);
    await store().insertProbes(tenantId, []);
  });

  test('are swept away once expired, whoever they belong to', async () => {
    await store().sweepProbes(Number.MAX_SAFE_INTEGER);
    const [one, other] = [newTenantId(), newTenantId()];
    const lasting = newProbe({ expiresMs: 2001 });
    await store().insertProbes(one, [newProbe({ expiresMs: 1000 }), newProbe({ expiresMs: 2000 }), lasting]);
    await store().insertProbes(other, [newProbe({ expiresMs: 1999 })]);
    expect(await store().sweepProbes(2000)).toBe(3);
    expect(await store().sweepProbes(2000)).toBe(0);
    expect((await store().findProbes(one, [lasting.probeId], 0)).size).toBe(1);
  });
}
