import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import { createGallery, galleryRef, newEnrolment, newPerson } from './samples.ts';

export function usesContract(store: () => Store): void {
  test('begin when a person is made, and later ones count', async () => {
    const gallery = await createGallery(store());
    const { personId, personNo } = await store().createPerson(gallery, newPerson({ createdMs: 2000 }), 10);
    const lastUse = () => store().findLastUse(gallery, personId);
    expect(await lastUse()).toBe(2000);
    await store().addEnrolment(gallery, personId, newEnrolment({ createdMs: 3000 }), 10);
    expect(await lastUse()).toBe(3000);
    await store().notePersonUses([{ personNo, usedMs: 5000 }]);
    await store().notePersonUses([{ personNo, usedMs: 4000 }]);
    expect(await lastUse()).toBe(5000);
    const imported = newPerson({ createdMs: 1, lastUsedMs: 7000 });
    await store().importPersons(gallery, [{ person: imported, enrolments: [newEnrolment()] }]);
    expect(await store().findLastUse(gallery, imported.personId)).toBe(7000);
  });

  test('tell who is unused, longest first, in pages', async () => {
    const gallery = await createGallery(store());
    const ids = new Map<number, string>();
    for (const createdMs of [300, 100, 200, 400]) {
      const person = newPerson({ createdMs, name: `made at ${createdMs}` });
      await store().createPerson(gallery, person, 10);
      ids.set(createdMs, person.personId);
    }
    const first = await store().listUnusedPersons(gallery, 400, { limit: 2 });
    expect(first).toEqual([
      { personId: ids.get(100), personName: 'made at 100', lastUsedMs: 100 },
      { personId: ids.get(200), personName: 'made at 200', lastUsedMs: 200 },
    ]);
    const last = first[1];
    const rest = await store().listUnusedPersons(gallery, 400, { limit: 2, ...(last ? { after: last } : {}) });
    expect(rest.map(({ lastUsedMs }) => lastUsedMs)).toEqual([300]);
    expect(await store().listUnusedPersons(await createGallery(store()), 400, { limit: 2 })).toEqual([]);
  });

  test('of a directory’s faces are uses of its persons', async () => {
    const { tenantId } = galleryRef();
    const directory = await createGallery(store(), { tenantId, kind: 'directory', galleryId: 'persons' });
    const faces = await createGallery(store(), { tenantId, kind: 'directory', galleryId: 'recognition_04' });
    const { personId } = await store().createPerson(directory, newPerson({ createdMs: 1 }), 10);
    const { personNo } = await store().createPerson(faces, newPerson({ personId, createdMs: 1 }), 10);
    await store().notePersonUses([{ personNo, usedMs: 900 }]);
    expect(await store().findLastUse(directory, personId)).toBe(900);
    expect(await store().findLastUse(faces, personId)).toBe(900);
  });

  test('of a gallery made from a snapshot begin with it', async () => {
    const gallery = await createGallery(store());
    const person = newPerson({ createdMs: 1 });
    await store().createPerson(gallery, person, 10);
    const { tenantId } = gallery;
    await store().beginSnapshot(gallery, { snapshotId: 's', applyScope: [], createdMs: 1 });
    await store().copyToSnapshot(gallery, 's', { limit: 10 });
    await store().finishSnapshot(tenantId, 's');
    const anew = galleryRef({ tenantId });
    await store().createGalleryFromSnapshot('s', anew, 9000);
    await store().copyFromSnapshot('s', anew, { limit: 10 });
    expect(await store().findLastUse(anew, person.personId)).toBe(9000);
    expect((await store().getPerson(anew, person.personId)).createdMs).toBe(1);
  });
}
