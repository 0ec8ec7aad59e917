import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryRef } from '../../../src/core/types.ts';
import { createGallery, galleryRef, newEnrolment, newPerson, uniqueBytes } from './samples.ts';

export function erasuresContract(store: () => Store): void {
  /** Marks of what `work` erases. */
  async function marksOf(work: () => Promise<unknown>): Promise<string[]> {
    for (const noted of await store().erasuresToNote(1e6)) await store().erasuresNoted(noted.erasureNo);
    await work();
    return (await store().erasuresToNote(1e6)).map(({ mark }) => mark);
  }

  async function enrolledPerson(gallery: GalleryRef) {
    const person = newPerson();
    await store().createPerson(gallery, person, 100);
    const face = await store().addEnrolment(
      gallery,
      person.personId,
      newEnrolment({ sealedPhoto: uniqueBytes(9) }),
      10,
    );
    return { personId: person.personId, enrolmentId: face.enrolmentId };
  }

  test('count what they took, and leave marks that are noted once', async () => {
    const gallery = await createGallery(store(), { keepPhotos: true });
    const { personId, enrolmentId } = await enrolledPerson(gallery);
    const consent = { givenBy: 'Ada', method: 'on paper', textHash: 'ab'.repeat(32), givenMs: 1 };
    await store().giveConsent(gallery, personId, consent);
    await store().beginSnapshot(gallery, { snapshotId: personId, applyScope: [], createdMs: 1 });
    await store().copyToSnapshot(gallery, personId, { limit: 10 });
    let counts: unknown;
    const marks = await marksOf(async () => {
      counts = await store().deletePerson(gallery, personId);
    });
    expect(counts).toEqual({ persons: 1, keys: 1, templates: 1, photos: 1, consents: 1, snapshotTemplates: 1 });
    expect(marks).toHaveLength(2);
    for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{64}$/);
    for (const id of [personId, enrolmentId]) expect(marks.join()).not.toContain(id);
    expect(await store().unknownErasures([...marks, 'ab'.repeat(32)])).toEqual(['ab'.repeat(32)]);
    await store().noteErasuresAnew();
    const anew = (await store().erasuresToNote(1e6)).map(({ mark }) => mark);
    expect(anew).toEqual(expect.arrayContaining(marks));
  });

  test('of a person include those merged into them, and every face by itself', async () => {
    const gallery = await createGallery(store());
    const [one, two] = [await enrolledPerson(gallery), await enrolledPerson(gallery)];
    const key = async (personId: string) => (await store().getPersonKey(gallery, personId)).wrappedKey;
    const [face] = await store().listEnrolments(gallery, one.personId);
    await store().mergePersons(gallery, {
      mergeId: one.personId,
      mergedMs: 1,
      fromPersonId: one.personId,
      toPersonId: two.personId,
      fromKey: await key(one.personId),
      toKey: await key(two.personId),
      maxEnrolments: 10,
      enrolments: [{ enrolmentNo: face?.enrolmentNo ?? 0, sealedTemplate: uniqueBytes(9) }],
    });
    let counts: unknown;
    const marks = await marksOf(async () => {
      counts = await store().deletePerson(gallery, two.personId);
    });
    expect(counts).toMatchObject({ persons: 1, keys: 2, templates: 2 });
    expect(marks).toHaveLength(4);
  });

  test('of a gallery with its snapshots leave none of them', async () => {
    const gallery = await createGallery(store());
    await enrolledPerson(gallery);
    const { tenantId } = gallery;
    await store().beginSnapshot(gallery, { snapshotId: tenantId, applyScope: [], createdMs: 1 });
    await store().copyToSnapshot(gallery, tenantId, { limit: 10 });
    await store().finishSnapshot(tenantId, tenantId);
    const counts = await store().deleteGallery(gallery, { withSnapshots: true });
    expect(counts).toMatchObject({ persons: 1, keys: 1, templates: 1, snapshotTemplates: 1 });
    expect(await store().listSnapshots(tenantId)).toEqual([]);
  });

  test('that a database doesn’t know yet are made up for, and nothing else is', async () => {
    // Marks are of random ids: those of one gallery say nothing in another with the same rows
    const gallery = await createGallery(store());
    const kept = await enrolledPerson(gallery);
    const gone = await enrolledPerson(gallery);
    const marks = await marksOf(() => store().deletePerson(gallery, gone.personId));
    const again = await createGallery(store(), galleryRef({ tenantId: gallery.tenantId }));
    await store().importPersons(again, [
      { person: newPerson({ personId: gone.personId }), enrolments: [newEnrolment({ enrolmentId: gone.enrolmentId })] },
    ]);
    await store().applyErasures([...marks, 'cd'.repeat(32)], 1);
    expect(await store().countGallery(again)).toEqual({ persons: 1, enrolments: 1 });
    expect((await store().getPerson(gallery, kept.personId)).enrolmentIds).toEqual([kept.enrolmentId]);
    expect(await store().unknownErasures(['cd'.repeat(32)])).toEqual([]);
  });
}
