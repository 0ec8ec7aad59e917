import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryRef } from '../../../src/core/types.ts';
import { createFilledGallery, expectProblem, newEnrolment, uniqueBytes } from './samples.ts';

const MAX_ENROLMENTS = 248;

export function mergesContract(store: () => Store): void {
  async function twoPersons(options: { readonly kind?: 'directory' } = {}) {
    const { gallery, imported } = await createFilledGallery(store(), {
      persons: 2,
      enrolmentsEach: 2,
      ...options,
    });
    const [from, into] = imported.map(({ person }) => person.personId);
    if (from === undefined || into === undefined) throw new Error('two persons were asked for');
    return { gallery, from, into };
  }

  /** As an operation seals them: other bytes under the other's key. */
  async function move(gallery: GalleryRef, fromPersonId: string, toPersonId: string) {
    const { wrappedKey: fromKey } = await store().getPersonKey(gallery, fromPersonId);
    const { wrappedKey: toKey } = await store().getPersonKey(gallery, toPersonId);
    const found = await store().listEnrolments(gallery, fromPersonId);
    const enrolments = found.map(({ enrolmentNo }) => ({ enrolmentNo, sealedTemplate: uniqueBytes(2077) }));
    return { fromPersonId, toPersonId, fromKey, toKey, enrolments, maxEnrolments: MAX_ENROLMENTS };
  }

  async function merge(gallery: GalleryRef, from: string, into: string, mergedMs = 9000) {
    const mergeId = randomUUID();
    await store().mergePersons(gallery, { ...(await move(gallery, from, into)), mergeId, mergedMs });
    return mergeId;
  }

  async function undo(gallery: GalleryRef, mergeId: string): Promise<void> {
    const { fromKey, toKey, enrolments } = await store().getMerge(gallery, mergeId);
    const resealed = enrolments.map(({ enrolmentNo }) => ({ enrolmentNo, sealedTemplate: uniqueBytes(2077) }));
    await store().undoMerge(gallery, mergeId, { fromKey, toKey, enrolments: resealed });
  }

  const idsOf = async (gallery: GalleryRef, personId: string) =>
    (await store().listEnrolments(gallery, personId)).map(({ enrolmentId }) => enrolmentId).sort();

  test('all faces of one become the other’s, who alone is left', async () => {
    const { gallery, from, into } = await twoPersons();
    const before = [...(await idsOf(gallery, from)), ...(await idsOf(gallery, into))].sort();
    const sealed = await move(gallery, from, into);
    const mergeId = randomUUID();
    const changeNo = await store().lastChangeNo();
    await store().mergePersons(gallery, { ...sealed, mergeId, mergedMs: 7 });

    expect(await idsOf(gallery, into)).toEqual(before);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 4 });
    const [{ enrolmentNo, sealedTemplate } = { enrolmentNo: 0, sealedTemplate: uniqueBytes(1) }] = sealed.enrolments;
    const [stored] = await store().getSealedEnrolments([enrolmentNo]);
    const { personNo } = await store().getPersonKey(gallery, into);
    expect(stored).toMatchObject({ personNo, enrolmentNo });
    expect(Buffer.from(stored?.sealedTemplate ?? []).equals(sealedTemplate)).toBe(true);
    const changes = ((await store().changesAfter(changeNo, 1000)) ?? []).filter(
      (change) => change.enrolmentNo === enrolmentNo,
    );
    expect(changes.map(({ op }) => op)).toEqual(['remove', 'add']);

    const gone = { kind: 'not-found', resource: 'person', id: from } as const;
    await expectProblem(store().getPerson(gallery, from), gone);
    await expectProblem(store().getPersonKey(gallery, from), gone);
    await expectProblem(store().deletePerson(gallery, from), gone);
    expect(await store().findPersonByName(gallery, 'Person 0')).toBeUndefined();
    expect((await store().listPersons(gallery, { limit: 10 })).map(({ personId }) => personId)).toEqual([into]);
    expect([...(await store().personNosOf(gallery, [from]))]).toEqual([]);
    expect(await store().listMerges(gallery, into)).toEqual([
      { mergeId, intoPersonId: into, fromPersonId: from, fromName: 'Person 0', mergedMs: 7 },
    ]);
  });

  test('is undone with everything as it was, but for what was erased meanwhile', async () => {
    const { gallery, from, into } = await twoPersons();
    const [fromIds, intoIds] = [await idsOf(gallery, from), await idsOf(gallery, into)];
    const person = await store().getPerson(gallery, from);
    const mergeId = await merge(gallery, from, into);
    const [erased = ''] = fromIds;
    await store().deleteEnrolment(gallery, into, erased);
    await store().addEnrolment(gallery, into, newEnrolment({ enrolmentId: 'later' }), MAX_ENROLMENTS);
    await undo(gallery, mergeId);

    expect(await idsOf(gallery, from)).toEqual(fromIds.slice(1));
    expect(await idsOf(gallery, into)).toEqual([...intoIds, 'later'].sort());
    expect(await store().getPerson(gallery, from)).toEqual({ ...person, enrolmentIds: fromIds.slice(1) });
    expect(await store().countGallery(gallery)).toEqual({ persons: 2, enrolments: 4 });
    expect(await store().listMerges(gallery, into)).toEqual([]);
    await expectProblem(store().getMerge(gallery, mergeId), { kind: 'not-found', resource: 'merge' });
  });

  test('the rosters of both are those of who is left, until it is undone', async () => {
    const { gallery, from, into } = await twoPersons({ kind: 'directory' });
    const shared = { gallery, rosterId: 'shared' };
    const only = { gallery, rosterId: 'only' };
    await store().createRoster(shared, { name: 'x', createdMs: 1 }, [from, into]);
    await store().createRoster(only, { name: 'x', createdMs: 1 }, [from]);
    const mergeId = await merge(gallery, from, into);
    for (const ref of [shared, only]) expect(await store().listRosterPersons(ref, { limit: 9 })).toEqual([into]);
    await undo(gallery, mergeId);
    expect(await store().listRosterPersons(only, { limit: 9 })).toEqual([from]);
    expect(await store().listRosterPersons(shared, { limit: 9 })).toEqual([from, into].sort());
  });

  test('a chain is undone from its end', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 3, enrolmentsEach: 1 });
    const [a = '', b = '', c = ''] = imported.map(({ person }) => person.personId);
    const first = await merge(gallery, a, b);
    const second = await merge(gallery, b, c);
    await expectProblem(store().getMerge(gallery, first), { kind: 'conflict' });
    await undo(gallery, second);
    await undo(gallery, first);
    for (const personId of [a, b, c]) expect(await idsOf(gallery, personId)).toHaveLength(1);
  });

  test('erasing who is left erases the other too, in snapshots as well', async () => {
    const { gallery, from, into } = await twoPersons();
    const snapshotId = randomUUID();
    await store().beginSnapshot(gallery, { snapshotId, applyScope: [], createdMs: Date.now() });
    await store().copyToSnapshot(gallery, snapshotId, { limit: 10 });
    await store().finishSnapshot(gallery.tenantId, snapshotId);
    const mergeId = await merge(gallery, from, into);
    await store().deletePerson(gallery, into);
    await expectProblem(store().getMerge(gallery, mergeId), { kind: 'not-found', resource: 'merge' });

    const copy: GalleryRef = { ...gallery, galleryId: 'anew' };
    await store().createGalleryFromSnapshot(snapshotId, copy, 10_000);
    await store().copyFromSnapshot(snapshotId, copy, { limit: 10 });
    expect(await store().countGallery(copy)).toEqual({ persons: 0, enrolments: 0 });
  });

  test('a face that was moved is erased from snapshots with its new owner', async () => {
    const { gallery, from, into } = await twoPersons();
    const snapshotId = randomUUID();
    await store().beginSnapshot(gallery, { snapshotId, applyScope: [], createdMs: Date.now() });
    await store().copyToSnapshot(gallery, snapshotId, { limit: 10 });
    await store().finishSnapshot(gallery.tenantId, snapshotId);
    const wanted = await move(gallery, from, into);
    await store().moveEnrolments(gallery, { ...wanted, enrolments: wanted.enrolments.slice(0, 1) });
    await store().deletePerson(gallery, into);

    const copy: GalleryRef = { ...gallery, galleryId: 'anew' };
    await store().createGalleryFromSnapshot(snapshotId, copy, 10_000);
    await store().copyFromSnapshot(snapshotId, copy, { limit: 10 });
    expect(await store().countGallery(copy)).toEqual({ persons: 1, enrolments: 1 });
  });

  test('what changed meanwhile is a conflict, and nothing is moved', async () => {
    const { gallery, from, into } = await twoPersons();
    const wanted = { ...(await move(gallery, from, into)), mergeId: randomUUID(), mergedMs: 1 };
    const later = await store().addEnrolment(gallery, from, newEnrolment(), MAX_ENROLMENTS);
    await expectProblem(store().mergePersons(gallery, wanted), { kind: 'conflict' });
    await store().deleteEnrolment(gallery, from, later.enrolmentId);
    await expectProblem(store().mergePersons(gallery, { ...wanted, toKey: uniqueBytes(61) }), { kind: 'conflict' });
    await expectProblem(store().mergePersons(gallery, { ...wanted, maxEnrolments: 3 }), {
      kind: 'limit-exceeded',
      limit: 'enrolments',
    });
    expect(await idsOf(gallery, from)).toHaveLength(2);
    expect(await store().listMerges(gallery, into)).toEqual([]);
    await store().mergePersons(gallery, wanted);
  });

  test('what undoing needs goes when its time is over', async () => {
    const { gallery, from, into } = await twoPersons();
    const mergeId = await merge(gallery, from, into, 0);
    expect(await store().sweepMerges(0)).toBe(0);
    expect(await store().sweepMerges(1)).toBe(1);
    await expectProblem(store().getMerge(gallery, mergeId), { kind: 'not-found', resource: 'merge' });
    expect(await idsOf(gallery, into)).toHaveLength(4);
  });

  test('another tenant’s merges and persons do not exist', async () => {
    const { gallery, from, into } = await twoPersons();
    const mergeId = await merge(gallery, from, into);
    const other = await twoPersons();
    await expectProblem(store().getMerge(other.gallery, mergeId), { kind: 'not-found', resource: 'merge' });
    await expectProblem(store().listMerges(other.gallery, into), { kind: 'not-found', resource: 'person' });
  });
}
