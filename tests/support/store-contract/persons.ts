import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PersonsByName } from '../../../src/core/storage/persons.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryRef, Person } from '../../../src/core/types.ts';
import {
  createFilledGallery,
  createGallery,
  expectProblem,
  inOrdinalOrder,
  newEnrolment,
  newPerson,
  newTenantId,
} from './samples.ts';

const PLENTY = 1000;

export function personsContract(store: () => Store): void {
  test('are kept whole, and only with what was given', async () => {
    const gallery = await createGallery(store());
    const { wrappedKey, ...person } = newPerson({ name: 'Zoë 👩', userData: 'x'.repeat(16_384) });
    const made = await store().createPerson(gallery, { ...person, wrappedKey }, PLENTY);
    expect(made).toEqual({ ...person, personNo: made.personNo });
    expect(await store().getPerson(gallery, person.personId)).toEqual({ ...made, enrolmentIds: [] });
    expect(await store().getPersonKey(gallery, person.personId)).toEqual({
      personNo: made.personNo,
      galleryNo: gallery.galleryNo,
      wrappedKey: expect.toSatisfy((key: Uint8Array) => Buffer.from(key).equals(wrappedKey)),
    });
    expect(Object.keys(await store().createPerson(gallery, newPerson(), PLENTY))).not.toContain('userData');
  });

  test('are named by gallery and id together', async () => {
    const [one, other] = [await createGallery(store()), await createGallery(store())];
    const { personId } = await store().createPerson(one, newPerson(), PLENTY);
    await store().createPerson(other, newPerson({ personId }), PLENTY);
    await expectProblem(store().createPerson(one, newPerson({ personId }), PLENTY), {
      kind: 'already-exists',
      resource: 'person',
      id: personId,
    });
    expect(await store().countGallery(one)).toEqual({ persons: 1, enrolments: 0 });
  });

  test('who are not there, or of another tenant, are not found', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 1, enrolmentsEach: 1 });
    const known = imported[0]?.person.personId ?? '';
    const nobody = randomUUID();
    const attempts = (ref: GalleryRef, personId: string) => [
      () => store().getPerson(ref, personId),
      () => store().updatePerson(ref, personId, { name: 'x' }, 1),
      () => store().deletePerson(ref, personId),
      () => store().getPersonKey(ref, personId),
      () => store().addEnrolment(ref, personId, newEnrolment(), 10),
      () => store().listEnrolments(ref, personId),
      () => store().findEnrolmentBySource(ref, personId, 'hash'),
      () => store().sealedEnrolmentsOf(ref, personId),
    ];
    const missing = { kind: 'not-found', resource: 'person', id: nobody, galleryKind: gallery.kind } as const;
    for (const attempt of attempts(gallery, nobody)) await expectProblem(attempt(), missing);
    for (const attempt of attempts({ ...gallery, tenantId: newTenantId() }, known)) {
      await expectProblem(attempt(), { kind: 'not-found', resource: 'gallery' });
    }
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 1 });
  });

  test('are as many as allowed, and one less leaves room for one more', async () => {
    const gallery = await createGallery(store());
    const { personId } = await store().createPerson(gallery, newPerson(), 2);
    await store().createPerson(gallery, newPerson(), 2);
    const full = { kind: 'limit-exceeded', limit: 'persons', max: 2 } as const;
    await expectProblem(store().createPerson(gallery, newPerson(), 2), full);
    await expectProblem(store().importPersons(gallery, [{ person: newPerson(), enrolments: [] }], 2), full);
    await store().deletePerson(gallery, personId);
    await store().createPerson(gallery, newPerson(), 2);
  });

  test('are found by name, the first of that name first', async () => {
    const gallery = await createGallery(store());
    const first = await store().createPerson(gallery, newPerson({ name: 'Same' }), PLENTY);
    await store().createPerson(gallery, newPerson({ name: 'Same' }), PLENTY);
    expect(await store().findPersonByName(gallery, 'Same')).toEqual({ ...first, enrolmentIds: [] });
    expect(await store().findPersonByName(gallery, 'same')).toBeUndefined();
    expect(await store().findPersonByName(await createGallery(store()), 'Same')).toBeUndefined();
  });

  test('are listed in pages, in the ordinal order of their ids, with their enrolments in order', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 25, enrolmentsEach: 3 });
    const pages: string[][] = [];
    for (let after: string | undefined; ; ) {
      const page = await store().listPersons(gallery, { limit: 10, ...(after && { after }) });
      if (page.length === 0) break;
      for (const listed of page) {
        const source = imported.find(({ person }) => person.personId === listed.personId);
        expect(listed).toEqual({
          ...source?.person,
          enrolmentIds: source?.enrolments.map(({ enrolmentId }) => enrolmentId),
        });
      }
      pages.push(page.map(({ personId }) => personId));
      after = page.at(-1)?.personId;
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
    expect(pages.flat()).toEqual(inOrdinalOrder(imported.map(({ person }) => person.personId)));
  });

  test('are browsed by name or by age, from any place, and counted; whoever was merged is nobody there', async () => {
    const gallery = await createGallery(store());
    const elsewhere = await createGallery(store());
    const made: Person[] = [];
    for (const name of ['Cy', 'Ann', 'Bo_b', 'Ann', 'bo%b', 'Gone']) {
      made.push(await store().createPerson(gallery, newPerson({ name }), PLENTY));
      await store().createPerson(elsewhere, newPerson({ name }), PLENTY);
    }
    const [cy, ann, under, otherAnn, percent, gone] = made.map(({ personId }) => personId);
    const [fromPersonId = '', toPersonId = ''] = [gone, cy];
    const { wrappedKey: fromKey } = await store().getPersonKey(gallery, fromPersonId);
    const { wrappedKey: toKey } = await store().getPersonKey(gallery, toPersonId);
    const move = { fromPersonId, toPersonId, fromKey, toKey, enrolments: [], maxEnrolments: PLENTY };
    await store().mergePersons(gallery, { ...move, mergeId: randomUUID(), mergedMs: 1 });
    const ids = (found: readonly Person[]) => found.map(({ personId }) => personId);
    const byName = async (wanted: Omit<PersonsByName, 'limit'>, limit = 10) =>
      ids(await store().listPersonsByName(gallery, { limit, ...wanted }));
    const newest = async (wanted: Omit<PersonsByName, 'limit'>, limit = 10) =>
      ids(await store().listNewestPersons(gallery, { limit, ...wanted }));

    expect(await byName({})).toEqual([ann, otherAnn, under, cy, percent]);
    expect(await byName({ skip: 1 }, 2)).toEqual([otherAnn, under]);
    expect(await byName({ after: made[1] as Person, skip: 2 }, 2)).toEqual([cy, percent]);
    expect(await byName({ skip: 5 })).toEqual([]);
    expect(await byName({ containing: 'O', skip: 1 })).toEqual([percent]);
    expect(await newest({})).toEqual([percent, otherAnn, under, ann, cy]);
    expect(await newest({ after: made[3] as Person, skip: 1 }, 1)).toEqual([ann]);
    expect(await newest({ containing: 'ann', skip: 1 })).toEqual([ann]);
    expect(await newest({ after: made[0] as Person })).toEqual([]);

    expect(await store().countPersonsByName(gallery)).toBe(5);
    expect(await store().countPersonsByName(gallery, 'AN')).toBe(2);
    expect(await store().countPersonsByName(gallery, '_')).toBe(1);
    expect(await store().countPersonsByName(gallery, 'Gone')).toBe(0);
  });

  test('change where asked to, and nowhere else', async () => {
    const gallery = await createGallery(store());
    const person = await store().createPerson(gallery, newPerson({ userData: 'old' }), PLENTY);
    await store().updatePerson(gallery, person.personId, { name: 'New' }, 9000);
    expect(await store().getPerson(gallery, person.personId)).toMatchObject({ name: 'New', userData: 'old' });
    await store().updatePerson(gallery, person.personId, { userData: '' }, 9000);
    expect(await store().getPerson(gallery, person.personId)).toMatchObject({ name: 'New', userData: '' });
    expect(await store().findPersonByName(gallery, 'Ada')).toBeUndefined();
  });

  test('go with their enrolments, and their numbers never come back', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 2, enrolmentsEach: 3 });
    const last = imported.at(-1);
    const personId = last?.person.personId ?? '';
    const enrolmentNos = last?.enrolments.map(({ enrolmentNo }) => enrolmentNo) ?? [];
    expect(await store().deletePerson(gallery, personId)).toMatchObject({
      persons: 1,
      keys: 1,
      templates: enrolmentNos.length,
    });
    await expectProblem(store().getPerson(gallery, personId), { kind: 'not-found', resource: 'person' });
    expect(await store().getSealedEnrolments(enrolmentNos)).toEqual([]);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 3 });

    const again = await store().createPerson(gallery, newPerson({ personId }), PLENTY);
    expect(again.personNo).toBeGreaterThan(last?.person.personNo ?? 0);
    const enrolment = await store().addEnrolment(gallery, personId, newEnrolment(), PLENTY);
    expect(enrolment.enrolmentNo).toBeGreaterThan(Math.max(...enrolmentNos));
  });
}
