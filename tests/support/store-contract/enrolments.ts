import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import { createFilledGallery, createGallery, expectProblem, newEnrolment, newPerson } from './samples.ts';

const PLENTY = 248;

export function enrolmentsContract(store: () => Store): void {
  async function createPerson() {
    const gallery = await createGallery(store());
    return { gallery, ...(await store().createPerson(gallery, newPerson(), PLENTY)) };
  }

  test('are kept whole, and only with what was given', async () => {
    const { gallery, personId } = await createPerson();
    const { packId, sealedTemplate, ...given } = newEnrolment({ userData: 'at the door', sourceHash: 'f'.repeat(64) });
    const added = await store().addEnrolment(gallery, personId, { ...given, packId, sealedTemplate }, PLENTY);
    expect(added).toEqual({ ...given, personId, enrolmentNo: added.enrolmentNo, hasPhoto: false });
    expect(await store().getEnrolment(gallery, personId, given.enrolmentId)).toEqual(added);
    const [sealed] = await store().getSealedEnrolments([added.enrolmentNo]);
    expect(Buffer.from(sealed?.sealedTemplate ?? []).equals(sealedTemplate)).toBe(true);

    const bare = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    expect(Object.keys(bare)).not.toContain('userData');
    expect(await store().getEnrolment(gallery, personId, bare.enrolmentId)).toEqual(bare);
    expect(await store().listEnrolments(gallery, personId)).toEqual([added, bare]);
    expect((await store().getPerson(gallery, personId)).enrolmentIds).toEqual([added.enrolmentId, bare.enrolmentId]);
  });

  test('keep a picture where the gallery does, until it keeps none any more', async () => {
    const { gallery, personId } = await createPerson();
    const photo = randomBytes(20_000);
    await store().updateGallery(gallery, { keepPhotos: true }, 1);
    expect(await store().getGallery(gallery)).toMatchObject({ keepPhotos: true });
    const shown = await store().addEnrolment(gallery, personId, newEnrolment({ sealedPhoto: photo }), PLENTY);
    const bare = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    expect((await store().listEnrolments(gallery, personId)).map(({ hasPhoto }) => hasPhoto)).toEqual([true, false]);
    const { wrappedKey } = await store().getPersonKey(gallery, personId);
    const found = await store().findEnrolmentPhoto(gallery, personId, shown.enrolmentId);
    expect(Buffer.from(found?.sealedPhoto ?? []).equals(photo)).toBe(true);
    expect(Buffer.from(found?.wrappedKey ?? []).equals(wrappedKey)).toBe(true);
    expect(await store().findEnrolmentPhoto(gallery, personId, bare.enrolmentId)).toBeUndefined();
    await expectProblem(store().findEnrolmentPhoto(gallery, personId, randomUUID()), {
      kind: 'not-found',
      resource: 'enrolment',
    });

    await store().sweepEnrolmentPhotos(PLENTY);
    expect(await store().findEnrolmentPhoto(gallery, personId, shown.enrolmentId)).toBeDefined();
    await store().updateGallery(gallery, { keepPhotos: false }, 2);
    expect(await store().findEnrolmentPhoto(gallery, personId, shown.enrolmentId)).toBeUndefined();
    expect(await store().sweepEnrolmentPhotos(PLENTY)).toBe(1);
    expect(await store().listEnrolments(gallery, personId)).toEqual([{ ...shown, hasPhoto: false }, bare]);
  });

  test('are named by person and id together', async () => {
    const { gallery, personId } = await createPerson();
    const { enrolmentId } = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    const other = await store().createPerson(gallery, newPerson(), PLENTY);
    await store().addEnrolment(gallery, other.personId, newEnrolment({ enrolmentId }), PLENTY);
    await expectProblem(store().addEnrolment(gallery, personId, newEnrolment({ enrolmentId }), PLENTY), {
      kind: 'already-exists',
      resource: 'enrolment',
      id: enrolmentId,
    });
    expect(await store().countGallery(gallery)).toEqual({ persons: 2, enrolments: 2 });
  });

  test('that are not there, or of somebody else, are not found', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 2, enrolmentsEach: 1 });
    const personId = imported[0]?.person.personId ?? '';
    for (const id of [randomUUID(), imported[1]?.enrolments[0]?.enrolmentId ?? '']) {
      for (const attempt of [
        () => store().getEnrolment(gallery, personId, id),
        () => store().updateEnrolment(gallery, personId, id, { userData: 'x' }, 1),
        () => store().deleteEnrolment(gallery, personId, id),
      ]) {
        await expectProblem(attempt(), { kind: 'not-found', resource: 'enrolment', id, galleryKind: gallery.kind });
      }
    }
    expect(await store().countGallery(gallery)).toEqual({ persons: 2, enrolments: 2 });
  });

  test('are as many as allowed, and one less leaves room for one more', async () => {
    const { gallery, personId } = await createPerson();
    const { enrolmentId } = await store().addEnrolment(gallery, personId, newEnrolment(), 2);
    await store().addEnrolment(gallery, personId, newEnrolment(), 2);
    await expectProblem(store().addEnrolment(gallery, personId, newEnrolment(), 2), {
      kind: 'limit-exceeded',
      limit: 'enrolments',
      max: 2,
    });
    await store().deleteEnrolment(gallery, personId, enrolmentId);
    await store().addEnrolment(gallery, personId, newEnrolment(), 2);
  });

  test('are found by the photo they came from, of this person only', async () => {
    const { gallery, personId } = await createPerson();
    const other = await store().createPerson(gallery, newPerson(), PLENTY);
    const sourceHash = 'a'.repeat(64);
    const added = await store().addEnrolment(gallery, personId, newEnrolment({ sourceHash }), PLENTY);
    expect(await store().findEnrolmentBySource(gallery, personId, sourceHash)).toEqual(added);
    expect(await store().findEnrolmentBySource(gallery, personId, 'b'.repeat(64))).toBeUndefined();
    expect(await store().findEnrolmentBySource(gallery, other.personId, sourceHash)).toBeUndefined();
  });

  test('change their user data', async () => {
    const { gallery, personId } = await createPerson();
    const added = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    await store().updateEnrolment(gallery, personId, added.enrolmentId, { userData: 'new' }, 1);
    expect(await store().getEnrolment(gallery, personId, added.enrolmentId)).toEqual({ ...added, userData: 'new' });
  });

  test('go alone, and their number never comes back', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 1, enrolmentsEach: 2 });
    const { personId = '' } = imported[0]?.person ?? {};
    const last = imported[0]?.enrolments.at(-1);
    expect(await store().deleteEnrolment(gallery, personId, last?.enrolmentId ?? '')).toMatchObject({
      persons: 0,
      templates: 1,
    });
    expect(await store().getSealedEnrolments([last?.enrolmentNo ?? 0])).toEqual([]);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 1 });
    const next = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    expect(next.enrolmentNo).toBeGreaterThan(last?.enrolmentNo ?? 0);
  });

  test('come in batches, all or none', async () => {
    const gallery = await createGallery(store());
    const batch = Array.from({ length: 50 }, () => ({
      person: newPerson(),
      enrolments: [newEnrolment(), newEnrolment()],
    }));
    const imported = await store().importPersons(gallery, batch);
    expect(imported).toHaveLength(50);
    for (const [i, { person, enrolments }] of batch.entries()) {
      const { personId, name, createdMs } = person;
      const { personNo, enrolmentNos } = imported[i] ?? { personNo: 0, enrolmentNos: [] };
      expect(await store().getPerson(gallery, personId)).toEqual({
        personId,
        personNo,
        name,
        createdMs,
        enrolmentIds: enrolments.map(({ enrolmentId }) => enrolmentId),
      });
      expect(await store().listEnrolments(gallery, personId)).toEqual(
        enrolments.map(({ packId: _packId, sealedTemplate: _sealed, ...rest }, j) => ({
          ...rest,
          personId,
          enrolmentNo: enrolmentNos[j],
          hasPhoto: false,
        })),
      );
    }
    const repeated = [{ person: newPerson(), enrolments: [newEnrolment()] }, ...batch.slice(49)];
    await expectProblem(store().importPersons(gallery, repeated), { kind: 'already-exists', resource: 'person' });
    await expectProblem(store().importPersons(gallery, [{ person: newPerson(), enrolments: [] }], 50), {
      kind: 'limit-exceeded',
    });
    expect(await store().countGallery(gallery)).toEqual({ persons: 50, enrolments: 100 });
    expect(await store().listPersons(gallery, { limit: 1000 })).toHaveLength(50);
  });
}
