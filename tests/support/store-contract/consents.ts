import { expect, test } from 'vitest';
import type { NewConsent } from '../../../src/core/storage/consents.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { Gallery } from '../../../src/core/types.ts';
import { createGallery, expectProblem, galleryRef, newEnrolment, newPerson, newTenantId } from './samples.ts';

const consent = (members: Partial<NewConsent> = {}): NewConsent => ({
  givenBy: 'Ada herself',
  method: 'signed on paper',
  textHash: 'ab'.repeat(32),
  givenMs: 1000,
  ...members,
});

async function strictGallery(store: Store, given?: NewConsent) {
  const gallery = await createGallery(store, { consentPolicy: 'required' });
  const person = newPerson(given ? { consent: given } : {});
  await store.createPerson(gallery, person, 10);
  return { gallery, personId: person.personId };
}

/** What a search, a comparison, a calibration and an index being filled get to see of a person. */
async function seenOf(store: Store, gallery: Gallery, personId: string): Promise<number[]> {
  const all = await store.sealedEnrolmentsOf(gallery, personId, { evenSuspended: true });
  const hits = all.map(({ personNo, enrolmentNo }) => ({ personNo, enrolmentNo }));
  const lowest = Math.min(...all.map(({ enrolmentNo }) => enrolmentNo)) - 1;
  return [
    (await store.sealedEnrolmentsOf(gallery, personId)).length,
    (await store.resolvePersons(gallery, hits, 10)).length,
    (await store.sampleEnrolments(gallery, 10)).length,
    (await store.getSealedEnrolments(all.map(({ enrolmentNo }) => enrolmentNo))).length,
    (await store.scanEnrolments(lowest, 1000)).filter((row) => row.galleryNo === gallery.galleryNo).length,
  ];
}

export function consentsContract(store: () => Store): void {
  test('is kept whole, comes with a new person or later, and the newest one counts', async () => {
    const { gallery, personId } = await strictGallery(store(), consent({ untilMs: 5000 }));
    expect(await store().findConsent(gallery, personId)).toEqual(consent({ untilMs: 5000 }));
    await store().giveConsent(gallery, personId, consent({ givenBy: 'Her mother' }));
    expect(await store().findConsent(gallery, personId)).toEqual(consent({ givenBy: 'Her mother' }));
    const other = await store().createPerson(gallery, newPerson(), 10);
    expect(await store().findConsent(gallery, other.personId)).toBeUndefined();
    await expectProblem(store().withdrawConsent(gallery, other.personId, 1), {
      kind: 'not-found',
      resource: 'consent',
    });
  });

  test('lets a face in while it holds, and not before, after or without it', async () => {
    const { gallery, personId } = await strictGallery(store(), consent({ untilMs: 5000 }));
    const enrol = (createdMs: number) => store().addEnrolment(gallery, personId, newEnrolment({ createdMs }), 10);
    await enrol(4999);
    await expectProblem(enrol(5000), { kind: 'consent-required' });
    await store().withdrawConsent(gallery, personId, 4000);
    await expectProblem(enrol(4999), { kind: 'consent-required' });

    const entry = (given?: NewConsent) => ({
      person: newPerson(given ? { consent: given } : {}),
      enrolments: [newEnrolment()],
    });
    await expectProblem(store().importPersons(gallery, [entry(consent()), entry()]), { kind: 'consent-required' });
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 0 });
    await store().importPersons(gallery, [entry(consent())]);
  });

  test('withdrawn takes a person out of every search in the same transaction, and given again brings them back', async () => {
    const { gallery, personId } = await strictGallery(store(), consent());
    const numbers = [];
    for (let i = 0; i < 2; i++) {
      numbers.push((await store().addEnrolment(gallery, personId, newEnrolment(), 10)).enrolmentNo);
    }
    expect(await seenOf(store(), gallery, personId)).toEqual([2, 2, 1, 2, 2]);

    const changeNo = await store().lastChangeNo();
    await store().withdrawConsent(gallery, personId, 4000);
    expect(await seenOf(store(), gallery, personId)).toEqual([0, 0, 0, 0, 0]);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 0 });
    const changes = ((await store().changesAfter(changeNo, 100)) ?? []).filter(
      ({ galleryNo }) => galleryNo === gallery.galleryNo,
    );
    expect(changes.map(({ op, enrolmentNo }) => [op, enrolmentNo])).toEqual(numbers.map((no) => ['remove', no]));
    expect(await store().findConsent(gallery, personId)).toEqual({ ...consent(), withdrawnMs: 4000 });
    await store().withdrawConsent(gallery, personId, 4500);
    expect((await store().findConsent(gallery, personId))?.withdrawnMs).toBe(4000);

    await store().giveConsent(gallery, personId, consent({ givenMs: 6000 }));
    expect(await seenOf(store(), gallery, personId)).toEqual([2, 2, 1, 2, 2]);
    const added = ((await store().changesAfter(changeNo, 100)) ?? []).filter(({ op }) => op === 'add');
    expect(added.map(({ enrolmentNo }) => enrolmentNo)).toEqual(numbers);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 2 });

    await store().withdrawConsent(gallery, personId, 7000);
    const [face] = await store().listEnrolments(gallery, personId);
    await store().deleteEnrolment(gallery, personId, face?.enrolmentId ?? '');
    await store().deletePerson(gallery, personId);
    expect(await store().countGallery(gallery)).toEqual({ persons: 0, enrolments: 0 });
  });

  test('holds in attested galleries too, once somebody gave it', async () => {
    const gallery = await createGallery(store());
    const { personId } = await store().createPerson(gallery, newPerson({ consent: consent() }), 10);
    await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    await store().withdrawConsent(gallery, personId, 4000);
    expect(await seenOf(store(), gallery, personId)).toEqual([0, 0, 0, 0, 0]);
    await expectProblem(store().addEnrolment(gallery, personId, newEnrolment(), 10), { kind: 'consent-required' });
  });

  test('that runs out is told, listed and ended once', async () => {
    const end = 10_000 + Math.floor(Math.random() * 1e9);
    const { gallery, personId } = await strictGallery(store(), consent({ untilMs: end }));
    await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    expect(await store().nextConsentEndMs()).toBeLessThanOrEqual(end);
    const mine = async (nowMs: number) =>
      (await store().listEndedConsents(nowMs, 1000)).filter(({ tenantId }) => tenantId === gallery.tenantId);
    expect(await mine(end - 1)).toEqual([]);
    const ended = await mine(end);
    const { tenantId, kind, galleryId } = gallery;
    expect(ended).toEqual([{ tenantId, kind, galleryId, personId, personNo: expect.any(Number) }]);
    await store().endConsents(
      ended.map(({ personNo }) => personNo),
      end - 1,
    );
    expect((await seenOf(store(), gallery, personId))[0]).toBe(1);
    await store().endConsents(
      ended.map(({ personNo }) => personNo),
      end,
    );
    expect(await seenOf(store(), gallery, personId)).toEqual([0, 0, 0, 0, 0]);
    expect(await mine(end + 1)).toEqual([]);
  });

  test('that runs out soon is listed soonest first, in pages, of one tenant', async () => {
    const tenantId = newTenantId();
    const gallery = await createGallery(store(), { tenantId });
    const list = (byMs: number, limit: number, after?: { untilMs: number; personId: string }) =>
      store().listDueConsents(tenantId, { byMs, kinds: ['large-person'] }, { limit, ...(after ? { after } : {}) });
    for (const untilMs of [9000, 7000, 8000, 8000, 20_000]) {
      await store().createPerson(gallery, newPerson({ consent: consent({ untilMs }) }), 10);
    }
    await store().createPerson(gallery, newPerson({ consent: consent() }), 10);
    const first = await list(9000, 2);
    expect(first.map((due) => due.consent.untilMs)).toEqual([7000, 8000]);
    const last = first[1];
    const rest = await list(9000, 10, { untilMs: 8000, personId: last?.personId ?? '' });
    expect(rest.map((due) => due.consent.untilMs)).toEqual([8000, 9000]);
    expect(new Set([...first, ...rest].map(({ personId }) => personId)).size).toBe(4);
    await store().withdrawConsent(gallery, rest[1]?.personId ?? '', 1);
    expect(await list(9000, 10)).toHaveLength(3);
    expect(await store().listDueConsents(newTenantId(), { byMs: 1e12, kinds: ['large-person'] }, { limit: 9 })).toEqual(
      [],
    );
    expect(await store().listDueConsents(tenantId, { byMs: 1e12, kinds: ['person'] }, { limit: 9 })).toEqual([]);
  });

  test('can come to be required once everybody enrolled has given it', async () => {
    const gallery = await createGallery(store());
    const { personId } = await store().createPerson(gallery, newPerson(), 10);
    await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    await store().createPerson(gallery, newPerson(), 10);
    await expectProblem(store().updateGallery(gallery, { consentPolicy: 'required' }, 1), { kind: 'conflict' });
    await store().giveConsent(gallery, personId, consent());
    await store().updateGallery(gallery, { consentPolicy: 'required' }, 1);
    expect((await store().getGallery(gallery)).consentPolicy).toBe('required');
  });

  test('goes along into snapshots, and so does its end', async () => {
    const { gallery, personId } = await strictGallery(store(), consent());
    const [kept, withdrawn, expired] = [personId, newPerson().personId, newPerson().personId];
    await store().createPerson(gallery, newPerson({ personId: withdrawn, consent: consent() }), 10);
    await store().createPerson(gallery, newPerson({ personId: expired, consent: consent({ untilMs: 9000 }) }), 10);
    for (const each of [kept, withdrawn, expired]) await store().addEnrolment(gallery, each, newEnrolment(), 10);
    const { tenantId } = gallery;
    await store().beginSnapshot(gallery, { snapshotId: 's', applyScope: [], createdMs: 1 });
    await store().copyToSnapshot(gallery, 's', { limit: 10 });
    await store().finishSnapshot(tenantId, 's');
    await store().withdrawConsent(gallery, withdrawn, 5000);
    await store().deleteGallery(gallery);

    const anew = galleryRef({ tenantId });
    await store().createGalleryFromSnapshot('s', anew, 9000);
    await store().copyFromSnapshot('s', anew, { limit: 10 });
    expect(await store().getGallery(anew)).toMatchObject({ consentPolicy: 'required' });
    const faces = async (id: string) => (await store().getPerson(anew, id)).enrolmentIds.length;
    expect(await Promise.all([kept, withdrawn, expired].map(faces))).toEqual([1, 0, 0]);
    expect(await store().findConsent(anew, kept)).toEqual(consent());
    expect(await store().findConsent(anew, withdrawn)).toEqual({ ...consent(), withdrawnMs: 5000 });
  });

  test('is asked for when faces move between people', async () => {
    const { gallery, personId } = await strictGallery(store(), consent());
    await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    const other = await store().createPerson(gallery, newPerson(), 10);
    const [face] = await store().listEnrolments(gallery, personId);
    const move = async () => ({
      fromPersonId: personId,
      toPersonId: other.personId,
      fromKey: (await store().getPersonKey(gallery, personId)).wrappedKey,
      toKey: (await store().getPersonKey(gallery, other.personId)).wrappedKey,
      maxEnrolments: 10,
      enrolments: [{ enrolmentNo: face?.enrolmentNo ?? 0, sealedTemplate: newEnrolment().sealedTemplate }],
    });
    await expectProblem(store().moveEnrolments(gallery, await move()), { kind: 'consent-required' });
    await store().giveConsent(gallery, other.personId, consent());
    await store().withdrawConsent(gallery, personId, 5000);
    await expectProblem(store().moveEnrolments(gallery, await move()), { kind: 'consent-required' });
  });

  test('goes with the person', async () => {
    const { gallery, personId } = await strictGallery(store(), consent({ untilMs: 50 }));
    await store().deletePerson(gallery, personId);
    const due = { byMs: 1e12, kinds: ['large-person'] } as const;
    expect(await store().listDueConsents(gallery.tenantId, due, { limit: 9 })).toEqual([]);
  });
}
