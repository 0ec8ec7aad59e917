import { expect, test } from 'vitest';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryTail, Training } from '../../../src/core/types.ts';
import {
  createFilledGallery,
  createGallery,
  expectProblem,
  galleryRef,
  newEnrolment,
  newGallery,
  newPerson,
  newTenantId,
} from './samples.ts';

export function galleriesContract(store: () => Store): void {
  test('are kept whole, and only with what was given', async () => {
    const bare = newGallery();
    const full = newGallery({
      name: 'Ä 家 👪',
      userData: '{"a":1}',
      targetFpir: 0.02,
      keepPhotos: true,
      purpose: 'to open the door to members',
      lawfulBasis: 'consent',
      retentionDays: 30,
      consentPolicy: 'required',
      twoPersonRule: true,
      createdMs: 77,
    });
    const made = await store().createGallery(full);
    const { galleryNo } = made;
    expect(made).toEqual({ ...full, galleryNo, training: { status: 'never' }, modifiedMs: 77 });
    expect(await store().getGallery(full)).toEqual(made);
    expect(await store().findGallery(full)).toEqual(made);
    const plain = await store().createGallery(bare);
    expect(plain).toMatchObject({ retentionDays: 1096, consentPolicy: 'attested', twoPersonRule: false });
    for (const absent of ['userData', 'purpose', 'lawfulBasis']) expect(Object.keys(plain)).not.toContain(absent);
  });

  test('are named by tenant, kind and id together', async () => {
    const { tenantId, galleryId } = await createGallery(store());
    await createGallery(store(), { tenantId, galleryId, kind: 'person' });
    await createGallery(store(), { tenantId: newTenantId(), galleryId });
    await expectProblem(createGallery(store(), { tenantId, galleryId }), {
      kind: 'already-exists',
      resource: 'gallery',
      id: galleryId,
      galleryKind: 'large-person',
    });
  });

  test("of another tenant don't exist", async () => {
    const gallery = await createGallery(store(), { userData: 'mine' });
    const foreign = { ...gallery, tenantId: newTenantId() };
    const problem = {
      kind: 'not-found',
      resource: 'gallery',
      id: gallery.galleryId,
      galleryKind: gallery.kind,
    } as const;
    expect(await store().findGallery(foreign)).toBeUndefined();
    expect(await store().listGalleries(foreign.tenantId, gallery.kind, { limit: 10 })).toEqual([]);
    for (const attempt of [
      () => store().getGallery(foreign),
      () => store().updateGallery(foreign, { name: 'theirs' }, 1),
      () => store().setTraining(foreign, { status: 'failed' }),
      () => store().setTail(foreign, TAIL),
      () => store().countGallery(foreign),
      () => store().deleteGallery(foreign),
      () => store().createPerson(foreign, newPerson(), 10),
      () => store().importPersons(foreign, []),
      () => store().listPersons(foreign, { limit: 10 }),
      () => store().sampleEnrolments(foreign, 10),
      () => store().resolvePersons(foreign, [], 1),
    ]) {
      await expectProblem(attempt(), problem);
    }
    expect(await store().getGallery(gallery)).toEqual(gallery);
  });

  test('are listed in pages, in the ordinal order of their ids', async () => {
    const tenantId = newTenantId();
    const ids = ['10', '9', 'a', 'a-1', 'a_1', 'aa', 'b', 'z', '-', '_'];
    for (const galleryId of ids) await createGallery(store(), { tenantId, galleryId });
    await createGallery(store(), { tenantId, galleryId: 'c', kind: 'face' });
    const pages: string[][] = [];
    for (let after: string | undefined; ; ) {
      const page = await store().listGalleries(tenantId, 'large-person', { limit: 3, ...(after && { after }) });
      if (page.length === 0) break;
      pages.push(page.map(({ galleryId }) => galleryId));
      after = page.at(-1)?.galleryId;
    }
    expect(pages).toEqual([['-', '10', '9'], ['_', 'a', 'a-1'], ['a_1', 'aa', 'b'], ['z']]);
    expect(await store().listGalleries(tenantId, 'large-person', { after: 'a0', limit: 1 })).toMatchObject([
      { galleryId: 'a_1' },
    ]);
  });

  test('change where asked to, and nowhere else', async () => {
    const gallery = await createGallery(store(), { userData: 'old', targetFpir: 0.01 });
    await store().updateGallery(gallery, { name: 'New' }, 9000);
    expect(await store().getGallery(gallery)).toEqual({ ...gallery, name: 'New', modifiedMs: 9000 });
    await store().updateGallery(gallery, { userData: '', targetFpir: 0.5 }, 9001);
    expect(await store().getGallery(gallery)).toEqual({
      ...gallery,
      name: 'New',
      userData: '',
      targetFpir: 0.5,
      modifiedMs: 9001,
    });
  });

  test('take no face while consent is required and none is on record', async () => {
    const gallery = await createGallery(store(), { consentPolicy: 'required' });
    const person = await store().createPerson(gallery, newPerson(), 10);
    const batch = [{ person: newPerson(), enrolments: [newEnrolment()] }];
    const refused = { kind: 'consent-required' } as const;
    await expectProblem(store().addEnrolment(gallery, person.personId, newEnrolment(), 10), refused);
    await expectProblem(store().importPersons(gallery, batch), refused);
    expect(await store().countGallery(gallery)).toEqual({ persons: 1, enrolments: 0 });

    const lax = await createGallery(store());
    await store().importPersons(lax, batch);
    await expectProblem(store().updateGallery(lax, { consentPolicy: 'required' }, 1), { kind: 'conflict' });
  });

  test('remember their training and their tail', async () => {
    const gallery = await createGallery(store());
    const trainings: Training[] = [
      { status: 'running', lastActionMs: 5 },
      { status: 'failed', lastActionMs: 6, message: 'no faces' },
      { status: 'succeeded', lastActionMs: 7, lastSucceededMs: 7 },
    ];
    for (const training of trainings) {
      await store().setTraining(gallery, training);
      expect((await store().getGallery(gallery)).training).toEqual(training);
    }
    await store().setTail(gallery, TAIL);
    expect((await store().getGallery(gallery)).tail).toEqual(TAIL);
  });

  test('may be limited in number, each kind for itself', async () => {
    const tenantId = newTenantId();
    await store().createGallery(newGallery({ tenantId }), 1);
    await store().createGallery(newGallery({ tenantId, kind: 'face' }), 1);
    await expectProblem(store().createGallery(newGallery({ tenantId }), 1), { kind: 'limit-exceeded', max: 1 });
  });

  test('go with all that is in them, and their number never comes back', async () => {
    const { gallery, imported } = await createFilledGallery(store(), { persons: 450, enrolmentsEach: 2 });
    expect(await store().countGallery(gallery)).toEqual({ persons: 450, enrolments: 900 });
    const enrolmentNos = imported.flatMap(({ enrolments }) => enrolments.map(({ enrolmentNo }) => enrolmentNo));
    expect(await store().deleteGallery(gallery)).toMatchObject({ persons: 450, keys: 450, templates: 900, photos: 0 });

    await expectProblem(store().deleteGallery(gallery), { kind: 'not-found', resource: 'gallery' });
    expect(await store().getSealedEnrolments(enrolmentNos)).toEqual([]);
    const again = await createGallery(store(), { ...galleryRef(gallery) });
    expect(again.galleryNo).toBeGreaterThan(gallery.galleryNo);
    expect(await store().countGallery(again)).toEqual({ persons: 0, enrolments: 0 });
    expect(await store().listPersons(again, { limit: 1000 })).toEqual([]);
  });
}

const TAIL: GalleryTail = {
  curve: {
    persons: 5000,
    points: [
      { score: 0.3, fpir: 0.1, lower: 0.05, upper: 0.2 },
      { score: 0.4, fpir: 0.01, lower: 0.005, upper: 0.02 },
    ],
    measuredOn: 'itself',
  },
  fittedMs: 123,
  enrolments: 5000,
};
