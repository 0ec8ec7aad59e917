import { expect, test } from 'vitest';
import type { Change } from '../../../src/core/storage/changes.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { createFilledGallery, createGallery, expectProblem, newEnrolment, newPerson } from './samples.ts';

export function changeFeedContract(store: () => Store): void {
  async function changesSince(changeNo: number): Promise<Omit<Change, 'changeNo'>[]> {
    return ((await store().changesAfter(changeNo, 1000)) ?? []).map(({ changeNo: _changeNo, ...change }) => change);
  }

  test('tells every enrolment that came and went, in order', async () => {
    const gallery = await createGallery(store());
    const before = await store().lastChangeNo();
    const { personId } = await store().createPerson(gallery, newPerson(), 10);
    const { galleryNo } = gallery;
    const one = await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    const two = await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    await store().deleteEnrolment(gallery, personId, one.enrolmentId);
    await store().deletePerson(gallery, personId);
    const [imported] = await store().importPersons(gallery, [{ person: newPerson(), enrolments: [newEnrolment()] }]);
    await store().deleteGallery(gallery);
    expect(await changesSince(before)).toEqual([
      { op: 'add', galleryNo, enrolmentNo: one.enrolmentNo },
      { op: 'add', galleryNo, enrolmentNo: two.enrolmentNo },
      { op: 'remove', galleryNo, enrolmentNo: one.enrolmentNo },
      { op: 'remove', galleryNo, enrolmentNo: two.enrolmentNo },
      { op: 'add', galleryNo, enrolmentNo: imported?.enrolmentNos[0] },
      { op: 'remove-gallery', galleryNo, enrolmentNo: 0 },
    ]);
  });

  test('says nothing of what was refused', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 1, enrolmentsEach: 1 });
    const { personId = '' } = imported[0]?.person ?? {};
    const before = await store().lastChangeNo();
    await expectProblem(store().addEnrolment(gallery, personId, newEnrolment(), 1), { kind: 'limit-exceeded' });
    await expectProblem(
      store().importPersons(gallery, [
        { person: newPerson(), enrolments: [newEnrolment()] },
        { person: newPerson({ personId }), enrolments: [] },
      ]),
      { kind: 'already-exists' },
    );
    expect(await changesSince(before)).toEqual([]);
  });

  test('comes in rising numbers, in pages; its last number outlives trimming, and who missed what was trimmed is told', async () => {
    const before = await store().lastChangeNo();
    await createFilledGallery(store(), { persons: 10, enrolmentsEach: 1 });
    const last = await store().lastChangeNo();
    const first = (await store().changesAfter(before, 4)) ?? [];
    const rest = (await store().changesAfter(first.at(-1)?.changeNo ?? 0, 100)) ?? [];
    const numbers = [...first, ...rest].map(({ changeNo }) => changeNo);
    expect(numbers).toHaveLength(10);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(numbers[0]).toBeGreaterThan(before);
    expect(numbers.at(-1)).toBe(last);

    const [third = 0, eighth = 0] = [numbers[2], numbers[7]];
    const numbersAfter = async (changeNo: number) =>
      (await store().changesAfter(changeNo, 100))?.map(({ changeNo }) => changeNo);
    while ((await store().trimChanges(before, 100)) > 0);
    expect(await store().trimChanges(eighth, 3)).toBe(3);
    expect(await numbersAfter(third)).toEqual(numbers.slice(3));
    expect(await store().trimChanges(eighth, 100)).toBe(5);
    expect(await store().trimChanges(eighth, 100)).toBe(0);
    expect(await numbersAfter(eighth)).toEqual(numbers.slice(8));
    for (const missed of [0, before, third, eighth - 1]) expect(await numbersAfter(missed)).toBeUndefined();
    expect(await store().trimChanges(last, 100)).toBe(2);
    expect(await numbersAfter(last)).toEqual([]);
    expect(await numbersAfter(last - 1)).toBeUndefined();
    expect(await store().lastChangeNo()).toBe(last);
    await createFilledGallery(store(), { persons: 1, enrolmentsEach: 1 });
    expect(await store().lastChangeNo()).toBeGreaterThan(last);
  });
}
