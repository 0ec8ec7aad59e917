import { expect, test } from 'vitest';
import type { SealedEnrolment } from '../../../src/core/storage/enrolments.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { createFilledGallery, createGallery, newEnrolment, newPerson } from './samples.ts';

export function searchContract(store: () => Store): void {
  test('every enrolment of every tenant comes by once, in order, with its key', async () => {
    const { gallery } = await createFilledGallery(store(), { persons: 0, enrolmentsEach: 0 });
    const batch = Array.from({ length: 30 }, () => ({ person: newPerson(), enrolments: [newEnrolment()] }));
    const imported = await store().importPersons(gallery, batch);
    const firstNo = imported[0]?.enrolmentNos[0] ?? 0;

    const scanned: SealedEnrolment[] = [];
    for (let after = firstNo - 1; ; after = scanned.at(-1)?.enrolmentNo ?? 0) {
      const rows = await store().scanEnrolments(after, 7);
      if (rows.length === 0) break;
      expect(rows.length).toBeLessThanOrEqual(7);
      scanned.push(...rows);
    }
    expect(scanned.map(asText)).toEqual(
      imported.map(({ personNo, enrolmentNos }, i) => ({
        tenantId: gallery.tenantId,
        galleryNo: gallery.galleryNo,
        personNo,
        enrolmentNo: enrolmentNos[0],
        packId: 'fast',
        wrappedKey: hex(batch[i]?.person.wrappedKey),
        sealedTemplate: hex(batch[i]?.enrolments[0]?.sealedTemplate),
      })),
    );
  });

  test("a person's templates, and those of given numbers, in the same form", async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 2, enrolmentsEach: 3 });
    const [one] = imported;
    const enrolmentNos = one?.enrolments.map(({ enrolmentNo }) => enrolmentNo) ?? [];
    const sealed = await store().sealedEnrolmentsOf(gallery, one?.person.personId ?? '');
    expect(sealed.map(({ enrolmentNo }) => enrolmentNo)).toEqual(enrolmentNos);
    expect(await store().getSealedEnrolments([...enrolmentNos, 2 ** 40])).toEqual(sealed);
  });

  test('hits become persons, in their order; what is gone or of another gallery is left out', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 3, enrolmentsEach: 4 });
    const foreign = await createFilledGallery(store(), { persons: 1, enrolmentsEach: 1 });
    const hitOf = ({ person, enrolments }: (typeof imported)[number], i: number) => ({
      personNo: person.personNo,
      enrolmentNo: enrolments[i]?.enrolmentNo ?? 0,
    });
    const [first, second, third] = imported as [
      (typeof imported)[number],
      (typeof imported)[number],
      (typeof imported)[number],
    ];
    await store().deletePerson(gallery, second.person.personId);
    const hits = [hitOf(third, 3), ...foreign.imported.map((row) => hitOf(row, 0)), hitOf(second, 0), hitOf(first, 0)];
    const resolved = await store().resolvePersons(gallery, hits, 2);
    expect(
      resolved.map(({ enrolments, ...person }) => ({
        ...person,
        enrolmentIds: enrolments.map(({ enrolmentId }) => enrolmentId),
      })),
    ).toEqual(
      [third, first].map(({ person }, i) => ({
        personNo: person.personNo,
        personId: person.personId,
        personName: person.name,
        enrolmentIds: [
          [third.enrolments[3]?.enrolmentId, third.enrolments[0]?.enrolmentId],
          [first.enrolments[0]?.enrolmentId, first.enrolments[1]?.enrolmentId],
        ][i],
      })),
    );
    expect(resolved[0]?.enrolments[0]?.qualityLevel).toBe('medium');
    expect(resolved[0]?.enrolments[0]?.sealedTemplate).toHaveLength(2077);
    expect(resolved[0]?.enrolments[0]?.wrappedKey).toHaveLength(61);
  });

  test('a sample is of different persons; of a small gallery it is everybody', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 40, enrolmentsEach: 2 });
    const everybody = await store().sampleEnrolments(gallery, 100);
    expect(new Set(everybody.map(({ personNo }) => personNo)).size).toBe(40);
    const some = await store().sampleEnrolments(gallery, 10);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThanOrEqual(10);
    expect(new Set(some.map(({ personNo }) => personNo)).size).toBe(some.length);
    const known = new Set(imported.map(({ person }) => person.personNo));
    expect(some.every(({ personNo }) => known.has(personNo))).toBe(true);
    expect(await store().sampleEnrolments(await createGallery(store()), 10)).toEqual([]);
  });
}

function asText({ wrappedKey, sealedTemplate, ...row }: SealedEnrolment) {
  return { ...row, wrappedKey: hex(wrappedKey), sealedTemplate: hex(sealedTemplate) };
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
