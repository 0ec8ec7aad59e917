import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { Gallery, GalleryRef } from '../../../src/core/types.ts';
import { createFilledGallery, expectProblem, galleryRef, newTenantId } from './samples.ts';

export function snapshotsContract(store: () => Store): void {
  async function takeSnapshot(of: GalleryRef, createdMs = 100): Promise<string> {
    const snapshotId = randomUUID();
    await store().beginSnapshot(of, { snapshotId, applyScope: ['here'], userData: 'note', createdMs });
    for (let after: string | undefined; ; ) {
      after = await store().copyToSnapshot(of, snapshotId, { limit: 3, ...(after && { after }) });
      if (after === undefined) break;
    }
    await store().finishSnapshot(of.tenantId, snapshotId);
    return snapshotId;
  }
  async function makeAnew(of: Gallery, snapshotId: string): Promise<Gallery> {
    const ref = galleryRef({ tenantId: of.tenantId, kind: of.kind });
    await store().createGalleryFromSnapshot(snapshotId, ref, 500);
    for (let after: string | undefined; ; ) {
      after = await store().copyFromSnapshot(snapshotId, ref, { limit: 3, ...(after && { after }) });
      if (after === undefined) break;
    }
    return store().getGallery(ref);
  }

  test('make a gallery anew, with everybody in it as they were', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 7, enrolmentsEach: 2 });
    await store().setTraining(gallery, { status: 'succeeded', lastSucceededMs: 42 });
    const snapshotId = await takeSnapshot(gallery);
    await store().deleteGallery(gallery);
    const anew = await makeAnew(gallery, snapshotId);
    expect(anew).toMatchObject({ name: gallery.name, training: { status: 'succeeded', lastSucceededMs: 42 } });
    expect(anew.galleryNo).toBeGreaterThan(gallery.galleryNo);
    expect(await store().countGallery(anew)).toEqual({ persons: 7, enrolments: 14 });
    for (const { person, enrolments } of imported) {
      const { personNo: _personNo, ...rest } = await store().getPerson(anew, person.personId);
      expect(rest).toEqual({
        personId: person.personId,
        name: person.name,
        createdMs: person.createdMs,
        enrolmentIds: enrolments.map(({ enrolmentId }) => enrolmentId),
      });
      expect(await store().sealedEnrolmentsOf(anew, person.personId)).toHaveLength(2);
    }
  });

  test('are there once finished, for their own tenant', async () => {
    const { gallery } = await createFilledGallery(store(), { persons: 1, enrolmentsEach: 1 });
    const { tenantId } = gallery;
    const unfinished = randomUUID();
    await store().beginSnapshot(gallery, { snapshotId: unfinished, applyScope: [], createdMs: 1 });
    await expectProblem(store().getSnapshot(tenantId, unfinished), { kind: 'not-found', resource: 'snapshot' });
    const snapshotId = await takeSnapshot(gallery);
    const snapshot = { snapshotId, kind: gallery.kind, applyScope: ['here'], userData: 'note' };
    expect(await store().getSnapshot(tenantId, snapshotId)).toMatchObject(snapshot);
    expect(await store().listSnapshots(tenantId)).toMatchObject([snapshot]);
    await store().updateSnapshot(tenantId, snapshotId, { applyScope: ['there', 'too'] }, 900);
    expect(await store().getSnapshot(tenantId, snapshotId)).toMatchObject({
      ...snapshot,
      applyScope: ['there', 'too'],
      modifiedMs: 900,
    });
    await expectProblem(store().getSnapshot(newTenantId(), snapshotId), { kind: 'not-found' });
    await expectProblem(store().deleteSnapshot(newTenantId(), snapshotId), { kind: 'not-found' });
    await store().deleteSnapshot(tenantId, snapshotId);
    await expectProblem(store().deleteSnapshot(tenantId, snapshotId), { kind: 'not-found' });
  });

  test('that are being taken when deleted are not finished any more', async () => {
    const { gallery } = await createFilledGallery(store(), { persons: 2, enrolmentsEach: 1 });
    const { tenantId } = gallery;
    const snapshotId = randomUUID();
    await store().beginSnapshot(gallery, { snapshotId, applyScope: [], createdMs: 1 });
    const deleting = store().deleteSnapshot(tenantId, snapshotId);
    await expectProblem(store().copyToSnapshot(gallery, snapshotId, { limit: 10 }), { kind: 'not-found' });
    await expectProblem(store().finishSnapshot(tenantId, snapshotId), { kind: 'not-found' });
    await deleting;
    expect(await store().listSnapshots(tenantId)).toEqual([]);
  });

  test('forget who is erased', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 3, enrolmentsEach: 2 });
    const snapshotId = await takeSnapshot(gallery);
    const [gone, halfGone] = imported;
    await store().deletePerson(gallery, gone?.person.personId ?? '');
    const { personId = '' } = halfGone?.person ?? {};
    await store().deleteEnrolment(gallery, personId, halfGone?.enrolments[0]?.enrolmentId ?? '');
    const anew = await makeAnew(gallery, snapshotId);
    expect(await store().countGallery(anew)).toEqual({ persons: 2, enrolments: 3 });
    expect((await store().getPerson(anew, personId)).enrolmentIds).toEqual([halfGone?.enrolments[1]?.enrolmentId]);
  });

  test('are swept away once old', async () => {
    await store().sweepSnapshots(Number.MAX_SAFE_INTEGER);
    const { gallery } = await createFilledGallery(store(), { persons: 4, enrolmentsEach: 1 });
    await takeSnapshot(gallery, 100);
    const kept = await takeSnapshot(gallery, 200);
    expect(await store().sweepSnapshots(200)).toBe(1);
    expect(await store().listSnapshots(gallery.tenantId)).toMatchObject([{ snapshotId: kept }]);
  });
}
