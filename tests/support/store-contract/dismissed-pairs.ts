import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PairOfPersons } from '../../../src/core/storage/dismissed-pairs.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryRef } from '../../../src/core/types.ts';
import { createFilledGallery, expectProblem, uniqueBytes } from './samples.ts';

export function dismissedPairsContract(store: () => Store): void {
  async function people(count: number) {
    const { gallery, imported } = await createFilledGallery(store(), { persons: count, enrolmentsEach: 1 });
    const ids = imported.map(({ person }) => person.personId);
    const [a = '', b = '', c = '', d = ''] = ids;
    const names = new Map(imported.map(({ person }) => [person.personId, person.name]));
    return { gallery, a, b, c, d, names };
  }

  async function dismiss(gallery: GalleryRef, personIds: PairOfPersons, keyId = 'reviewer', maxPairs = 100) {
    await store().dismissPair(gallery, { personIds, keyId, dismissedMs: 7000 }, maxPairs);
  }

  const pairsIn = async (gallery: GalleryRef) =>
    (await store().listDismissedPairs(gallery, { limit: 100 })).map(({ persons }) =>
      persons.map(({ personId }) => personId),
    );

  async function numbersIn(gallery: GalleryRef) {
    const numbers = [...(await store().dismissedPersonNos(gallery))];
    return numbers.flatMap((no, i) => (i % 2 === 0 ? [[no, numbers[i + 1]]] : []));
  }

  async function move(gallery: GalleryRef, fromPersonId: string, toPersonId: string) {
    const { wrappedKey: fromKey } = await store().getPersonKey(gallery, fromPersonId);
    const { wrappedKey: toKey } = await store().getPersonKey(gallery, toPersonId);
    const found = await store().listEnrolments(gallery, fromPersonId);
    const enrolments = found.map(({ enrolmentNo }) => ({ enrolmentNo, sealedTemplate: uniqueBytes(2077) }));
    return { fromPersonId, toPersonId, fromKey, toKey, enrolments, maxEnrolments: 248 };
  }

  async function merge(gallery: GalleryRef, from: string, into: string, mergedMs = 9000) {
    const mergeId = randomUUID();
    await store().mergePersons(gallery, { ...(await move(gallery, from, into)), mergeId, mergedMs });
    return mergeId;
  }

  async function undo(gallery: GalleryRef, mergeId: string) {
    const { fromKey, toKey, enrolments } = await store().getMerge(gallery, mergeId);
    const resealed = enrolments.map(({ enrolmentNo }) => ({ enrolmentNo, sealedTemplate: uniqueBytes(2077) }));
    await store().undoMerge(gallery, mergeId, { fromKey, toKey, enrolments: resealed });
  }

  test('are kept once, whichever of the two is named first, and forgotten when they are taken back', async () => {
    const { gallery, a, b, names } = await people(3);
    await dismiss(gallery, [b, a], 'first');
    await dismiss(gallery, [a, b], 'second');
    const [face] = await store().listEnrolments(gallery, a);
    const listed = await store().listDismissedPairs(gallery, { limit: 10 });
    expect(listed).toEqual([
      {
        pairNo: expect.any(Number),
        persons: [
          { personId: a, personName: names.get(a), enrolmentId: face?.enrolmentId },
          { personId: b, personName: names.get(b), enrolmentId: expect.any(String) },
        ],
        keyId: 'first',
        dismissedMs: 7000,
      },
    ]);
    const { personNo } = await store().getPersonKey(gallery, a);
    const { personNo: other } = await store().getPersonKey(gallery, b);
    expect(await numbersIn(gallery)).toEqual([[personNo, other]]);
    for (const person of [a, b]) {
      expect(await store().listDismissalsOfPerson(gallery, person)).toEqual([{ keyId: 'first', dismissedMs: 7000 }]);
    }
    await store().restorePair(gallery, [b, a]);
    await store().restorePair(gallery, [b, a]);
    expect(await pairsIn(gallery)).toEqual([]);
    expect(await store().countDismissedPairs(gallery)).toBe(0);
    expect(await numbersIn(gallery)).toEqual([]);
  });

  test('are listed by page, latest first, of their gallery only, and no more than it may have', async () => {
    const { gallery, a, b, c } = await people(4);
    await dismiss(gallery, [a, b]);
    await dismiss(gallery, [a, c]);
    await dismiss(gallery, [b, c], 'reviewer', 3);
    const first = await store().listDismissedPairs(gallery, { limit: 2 });
    expect(first.map(({ persons }) => persons.map(({ personId }) => personId))).toEqual([
      [b, c],
      [a, c],
    ]);
    const rest = await store().listDismissedPairs(gallery, { beforePairNo: first[1]?.pairNo ?? 0, limit: 2 });
    expect(rest.map(({ persons }) => persons.map(({ personId }) => personId))).toEqual([[a, b]]);
    expect(await store().countDismissedPairs(gallery)).toBe(3);
    const { d } = await people(4);
    await expectProblem(dismiss(gallery, [a, d]), { kind: 'not-found', resource: 'person', id: d });
    await expectProblem(store().restorePair(gallery, [d, a]), { kind: 'not-found', resource: 'person', id: d });
    const { personId: late } = (await store().listPersons(gallery, { limit: 10 })).find(
      ({ personId }) => ![a, b, c].includes(personId),
    ) ?? { personId: '' };
    await expectProblem(dismiss(gallery, [late, a], 'reviewer', 3), {
      kind: 'limit-exceeded',
      limit: 'dismissed-pairs',
    });
    // One that is there already is no further one
    await dismiss(gallery, [c, b], 'reviewer', 3);
    const other = await people(2);
    expect(await pairsIn(other.gallery)).toEqual([]);
    expect(await numbersIn(other.gallery)).toEqual([]);
  });

  test('said at the same moment are one', async () => {
    const { gallery, a, b } = await people(2);
    await Promise.all([dismiss(gallery, [a, b]), dismiss(gallery, [b, a]), dismiss(gallery, [a, b])]);
    expect(await pairsIn(gallery)).toEqual([[a, b]]);
  });

  test('go with either person, and with the gallery', async () => {
    const { gallery, a, b, c } = await people(3);
    await dismiss(gallery, [a, b]);
    await dismiss(gallery, [b, c]);
    await dismiss(gallery, [a, c]);
    await store().deletePerson(gallery, a);
    expect(await pairsIn(gallery)).toEqual([[b, c]]);
    await store().deletePerson(gallery, c);
    expect(await numbersIn(gallery)).toEqual([]);
    const gone = await people(2);
    await dismiss(gone.gallery, [gone.a, gone.b]);
    await store().deleteGallery(gone.gallery);
    await expectProblem(store().listDismissedPairs(gone.gallery, { limit: 1 }), { resource: 'gallery' });
  });

  test('are not told of whoever is suspended', async () => {
    const { gallery, a, b } = await people(2);
    await dismiss(gallery, [a, b]);
    const consent = { givenBy: 'Ann', method: 'on paper', textHash: 'ab'.repeat(32), givenMs: 1 };
    await store().giveConsent(gallery, a, consent);
    await store().withdrawConsent(gallery, a, 2);
    expect(await pairsIn(gallery)).toEqual([]);
    expect(await store().countDismissedPairs(gallery)).toBe(0);
    await store().giveConsent(gallery, a, { ...consent, givenMs: 3 });
    expect(await pairsIn(gallery)).toEqual([[a, b]]);
  });

  test('of one who is merged are true of the one that is left, until that is undone', async () => {
    const { gallery, a, b, c, d } = await people(4);
    await dismiss(gallery, [a, b]);
    await dismiss(gallery, [a, c]);
    await dismiss(gallery, [a, d]);
    await dismiss(gallery, [b, d]);
    const before = await pairsIn(gallery);
    const mergeId = await merge(gallery, a, b);
    expect((await pairsIn(gallery)).sort()).toEqual(
      [
        [b, c],
        [b, d],
      ].sort(),
    );
    await undo(gallery, mergeId);
    expect(await pairsIn(gallery)).toEqual(before);
    expect(await numbersIn(gallery)).toHaveLength(4);
  });

  test('that came along with a merge stay when they were said again, or when it can’t be undone any more', async () => {
    const { gallery, a, b, c, d } = await people(4);
    await dismiss(gallery, [a, c]);
    await dismiss(gallery, [a, d]);
    const mergeId = await merge(gallery, a, b, -8000);
    await dismiss(gallery, [c, b]);
    await undo(gallery, mergeId);
    expect(await numbersIn(gallery)).toHaveLength(3);
    expect(await pairsIn(gallery)).toContainEqual([b, c]);
    expect(await pairsIn(gallery)).not.toContainEqual([b, d]);
    await merge(gallery, a, b, -8000);
    expect(await store().sweepMerges(-7999)).toBe(1);
    expect((await pairsIn(gallery)).sort()).toEqual(
      [
        [b, c],
        [b, d],
      ].sort(),
    );
    expect(await numbersIn(gallery)).toHaveLength(2);
    // Erasing who is left takes what was said of both
    await store().deletePerson(gallery, b);
    expect(await numbersIn(gallery)).toEqual([]);
  });

  test('follow a chain of merges, and come back with it', async () => {
    const { gallery, a, b, c, d } = await people(4);
    await dismiss(gallery, [a, d]);
    const first = await merge(gallery, a, b);
    const second = await merge(gallery, b, c);
    expect(await pairsIn(gallery)).toEqual([[c, d]]);
    await undo(gallery, second);
    expect(await pairsIn(gallery)).toEqual([[b, d]]);
    await undo(gallery, first);
    expect(await pairsIn(gallery)).toEqual([[a, d]]);
    expect(await numbersIn(gallery)).toHaveLength(1);
  });
}
