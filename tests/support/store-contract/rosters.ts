import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { RosterRef } from '../../../src/core/types.ts';
import {
  createFilledGallery,
  createGallery,
  expectProblem,
  inOrdinalOrder,
  newPerson,
  newTenantId,
} from './samples.ts';

export function rostersContract(store: () => Store): void {
  async function createPersons(count: number) {
    const { gallery, imported } = await createFilledGallery(store(), {
      persons: count,
      enrolmentsEach: 0,
      kind: 'directory',
    });
    return { gallery, ids: imported.map(({ person }) => person.personId), imported };
  }

  test('are kept whole, with the persons on them', async () => {
    const { gallery, ids } = await createPersons(3);
    const ref: RosterRef = { gallery, rosterId: 'night-shift' };
    const made = await store().createRoster(ref, { name: 'Night', userData: 'x', createdMs: 5 }, ids.slice(0, 2));
    expect(made).toEqual({ rosterId: 'night-shift', name: 'Night', userData: 'x', createdMs: 5, modifiedMs: 5 });
    expect(await store().getRoster(ref)).toEqual(made);
    expect(await store().listRosters(gallery, { limit: 10 })).toEqual([made]);
    expect(await store().listRosterPersons(ref, { limit: 10 })).toEqual(inOrdinalOrder(ids.slice(0, 2)));
    await expectProblem(store().createRoster(ref, { name: 'x', createdMs: 1 }, []), {
      kind: 'already-exists',
      resource: 'roster',
    });
  });

  test('are not made when somebody on them is not there', async () => {
    const { gallery, ids } = await createPersons(1);
    const ref: RosterRef = { gallery, rosterId: 'r' };
    await expectProblem(store().createRoster(ref, { name: 'x', createdMs: 1 }, [...ids, 'nobody']), {
      kind: 'not-found',
      resource: 'person',
      id: 'nobody',
    });
    await expectProblem(store().getRoster(ref), { kind: 'not-found', resource: 'roster', id: 'r' });
  });

  test('change where asked to; adding twice and removing who is not there is nothing', async () => {
    const { gallery, ids } = await createPersons(3);
    const ref: RosterRef = { gallery, rosterId: 'r' };
    await store().createRoster(ref, { name: 'Old', userData: 'u', createdMs: 1 }, ids.slice(0, 1));
    await store().updateRoster(ref, { name: 'New', addPersonIds: ids.slice(0, 2), removePersonIds: ['nobody'] }, 9);
    expect(await store().getRoster(ref)).toMatchObject({ name: 'New', userData: 'u', createdMs: 1, modifiedMs: 9 });
    expect(await store().listRosterPersons(ref, { limit: 10 })).toEqual(inOrdinalOrder(ids.slice(0, 2)));
    await store().updateRoster(ref, { removePersonIds: ids.slice(0, 1) }, 10);
    expect(await store().listRosterPersons(ref, { limit: 10 })).toEqual(ids.slice(1, 2));
    await expectProblem(store().updateRoster(ref, { name: 'Not this', addPersonIds: ['nobody'] }, 11), {
      kind: 'not-found',
      resource: 'person',
    });
    expect(await store().getRoster(ref)).toMatchObject({ name: 'New' });
  });

  test('and their persons are listed in pages', async () => {
    const { gallery, ids } = await createPersons(5);
    const rosterIds = ['a', 'b', 'c'];
    for (const rosterId of rosterIds) {
      await store().createRoster({ gallery, rosterId }, { name: rosterId, createdMs: 1 }, ids);
    }
    const sorted = inOrdinalOrder(ids);
    const ref: RosterRef = { gallery, rosterId: 'b' };
    expect(await store().listRosterPersons(ref, { limit: 2 })).toEqual(sorted.slice(0, 2));
    expect(await store().listRosterPersons(ref, { after: sorted[1] ?? '', limit: 10 })).toEqual(sorted.slice(2));
    expect(await store().listRosters(gallery, { after: 'a', limit: 1 })).toMatchObject([{ rosterId: 'b' }]);
    expect(await store().listRostersOfPerson(gallery, ids[0] ?? '', { limit: 10 })).toEqual(rosterIds);
    expect(await store().listRostersOfPerson(gallery, ids[0] ?? '', { after: 'b', limit: 10 })).toEqual(['c']);
  });

  test('name persons by number, here or in another gallery of the same ids', async () => {
    const { gallery, ids, imported } = await createPersons(3);
    const ref: RosterRef = { gallery, rosterId: 'r' };
    await store().createRoster(ref, { name: 'r', createdMs: 1 }, ids.slice(0, 2));
    const numbers = imported.map(({ person }) => person.personNo);
    expect([...(await store().rosterPersonNos(ref, gallery))].sort((a, b) => a - b)).toEqual(numbers.slice(0, 2));
    const other = await createGallery(store(), { tenantId: gallery.tenantId });
    const twin = await store().createPerson(other, newPerson({ personId: ids[1] ?? '' }), 10);
    await store().createPerson(other, newPerson({ personId: ids[2] ?? '' }), 10);
    expect([...(await store().rosterPersonNos(ref, other))]).toEqual([twin.personNo]);
    expect([...(await store().personNosOf(gallery, ['nobody', ids[2] ?? '']))]).toEqual(numbers.slice(2));
  });

  test('lose who is erased, and go themselves without taking anybody along', async () => {
    const { gallery, ids } = await createPersons(2);
    const ref: RosterRef = { gallery, rosterId: 'r' };
    await store().createRoster(ref, { name: 'r', createdMs: 1 }, ids);
    await store().deletePerson(gallery, ids[0] ?? '');
    expect(await store().listRosterPersons(ref, { limit: 10 })).toEqual(ids.slice(1));
    const foreign = { gallery: { ...gallery, tenantId: newTenantId() }, rosterId: 'r' };
    await expectProblem(store().deleteRoster(foreign), { kind: 'not-found' });
    await store().deleteRoster(ref);
    await expectProblem(store().deleteRoster(ref), { kind: 'not-found', resource: 'roster' });
    expect((await store().getPerson(gallery, ids[1] ?? '')).personId).toBe(ids[1]);
  });
}
