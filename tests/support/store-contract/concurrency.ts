import { expect, test } from 'vitest';
import { KithError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { createGallery, newEnrolment, newPerson, newProbe } from './samples.ts';

export function concurrencyContract(store: () => Store): void {
  test('a limit holds, and each refusal is its own', async () => {
    const gallery = await createGallery(store());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, () => store().createPerson(gallery, newPerson(), 25)),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused).toHaveLength(35);
    expect(refused.every((error) => error instanceof KithError && error.problem.kind === 'limit-exceeded')).toBe(true);
    expect(await store().countGallery(gallery)).toEqual({ persons: 25, enrolments: 0 });
  });

  test('one that fails leaves the others alone', async () => {
    const gallery = await createGallery(store());
    const person = await store().createPerson(gallery, newPerson(), 100);
    const twin = newEnrolment();
    const before = await store().lastChangeNo();
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 20 }, () => store().addEnrolment(gallery, person.personId, newEnrolment(), 248)),
      store().addEnrolment(gallery, person.personId, twin, 248),
      store().addEnrolment(gallery, person.personId, twin, 248),
      store().addEnrolment(gallery, 'nobody', newEnrolment(), 248),
      store().importPersons(gallery, [
        { person: newPerson(), enrolments: [newEnrolment()] },
        { person: newPerson({ personId: person.personId }), enrolments: [] },
      ]),
      ...Array.from({ length: 20 }, () => store().addEnrolment(gallery, person.personId, newEnrolment(), 248)),
    ]);
    const failed = outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [i] : []));
    expect(failed).toEqual([21, 22, 23]);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 41 });
    expect(await store().listEnrolments(gallery, person.personId)).toHaveLength(41);
    expect(await store().changesAfter(before, 100)).toHaveLength(41);
  });

  test('reads see every write that was acknowledged before them', async () => {
    const gallery = await createGallery(store());
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const { personId } = await store().createPerson(gallery, newPerson(), 1000);
        const { enrolmentId } = await store().addEnrolment(gallery, personId, newEnrolment(), 248);
        expect((await store().getPerson(gallery, personId)).enrolmentIds).toEqual([enrolmentId]);
        const probe = newProbe();
        await store().insertProbes(gallery.tenantId, [probe]);
        expect((await store().findProbes(gallery.tenantId, [probe.probeId], 0)).size).toBe(1);
        await store().deletePerson(gallery, personId);
        await expect(store().getPerson(gallery, personId)).rejects.toThrow(KithError);
      }),
    );
    expect(await store().countGallery(gallery)).toEqual({ persons: 0, enrolments: 0 });
  });

  test('galleries deleted while others are filled', async () => {
    const [doomed, lasting] = [await createGallery(store()), await createGallery(store())];
    const batch = (size: number) =>
      Array.from({ length: size }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
    await store().importPersons(doomed, batch(600));
    const [removed] = await Promise.all([
      store().deleteGallery(doomed),
      ...Array.from({ length: 10 }, () => store().importPersons(lasting, batch(10))),
    ]);
    expect(removed).toMatchObject({ persons: 600, templates: 600 });
    expect(await store().countGallery(lasting)).toEqual({ persons: 100, enrolments: 100 });
  });
}
