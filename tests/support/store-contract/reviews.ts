import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/core/review-types.ts';
import type { NewReview } from '../../../src/core/storage/reviews.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import type { GalleryRef } from '../../../src/core/types.ts';
import { createGallery, expectProblem, galleryRef, newEnrolment, newPerson, uniqueBytes } from './samples.ts';

export function reviewsContract(store: () => Store): void {
  let made = 0;

  function newReview(personId: string, members: Partial<NewReview> = {}): NewReview {
    const reviewId = `review-${++made}-${Date.now()}`;
    return {
      ...{ reviewId, personId, faceKey: `face of ${reviewId}`, score: 0.51, confirmationsNeeded: 2, openedMs: 7000 },
      search: { chain: 'service-1', seq: 41 },
      sealedPhoto: uniqueBytes(300),
      verdict: said('first', 'confirm', 7000),
      ...members,
    };
  }

  function said(keyId: string, verdict: Verdict, givenMs = 8000) {
    return { keyId, verdict, givenMs };
  }

  async function createFound(members: Parameters<typeof createGallery>[1] = {}) {
    const gallery = await createGallery(store(), { twoPersonRule: true, ...members });
    const person = newPerson({ name: 'Ann' });
    await store().createPerson(gallery, person, 10);
    return { gallery, person, personId: person.personId };
  }

  const openIds = async (gallery: GalleryRef) =>
    (await store().listOpenReviews(gallery, { limit: 100 })).map(({ reviewId }) => reviewId);

  test('wait for a second key, with the picture until then', async () => {
    const { gallery, person, personId } = await createFound();
    const review = newReview(personId);
    const opened = await store().openReview(gallery, review);
    expect(opened).toEqual({
      ...{ reviewId: review.reviewId, reviewNo: expect.any(Number), personId, personName: 'Ann', score: 0.51 },
      ...{ search: review.search, state: 'open', confirmationsNeeded: 2, hasPhoto: true, openedMs: 7000 },
      verdicts: [said('first', 'confirm', 7000)],
    });
    expect(await store().getReview(gallery, review.reviewId)).toEqual(opened);
    const photo = await store().findReviewPhoto(gallery, review.reviewId);
    expect(photo && new Uint8Array(photo.sealedPhoto)).toEqual(review.sealedPhoto);
    expect(photo && new Uint8Array(photo.wrappedKey)).toEqual(person.wrappedKey);
    // The same key again is no second person
    expect(await store().addVerdict(gallery, review.reviewId, said('first', 'confirm', 7500))).toEqual(opened);
    const confirmed = await store().addVerdict(gallery, review.reviewId, said('second', 'confirm'));
    expect(confirmed).toMatchObject({ state: 'confirmed', hasPhoto: false });
    expect(confirmed.verdicts).toEqual([said('first', 'confirm', 7000), said('second', 'confirm')]);
    expect(await store().findReviewPhoto(gallery, review.reviewId)).toBeUndefined();
    expect(await openIds(gallery)).toEqual([]);
  });

  test('end with one rejection, of whoever confirmed too, and stay as they ended', async () => {
    const { gallery, personId } = await createFound();
    for (const keyId of ['first', 'second']) {
      const { reviewId } = await store().openReview(gallery, newReview(personId));
      const rejected = await store().addVerdict(gallery, reviewId, said(keyId, 'reject'));
      expect(rejected).toMatchObject({ state: 'rejected', hasPhoto: false });
      expect(await store().addVerdict(gallery, reviewId, said(keyId, 'reject', 9999))).toEqual(rejected);
      const late = store().addVerdict(gallery, reviewId, said('third', 'confirm'));
      await expectProblem(late, { kind: 'conflict', resource: 'review' });
    }
    const atOnce = await store().openReview(gallery, newReview(personId, { verdict: said('first', 'reject') }));
    expect(atOnce).toMatchObject({ state: 'rejected', hasPhoto: false });
    const alone = await store().openReview(gallery, newReview(personId, { confirmationsNeeded: 1 }));
    expect(alone).toMatchObject({ state: 'confirmed', hasPhoto: false });
  });

  test('of one face and person are one while open, and anew after', async () => {
    const { gallery, personId } = await createFound();
    const faceKey = 'a photo and where in it';
    const open = (keyId: string) =>
      store().openReview(gallery, newReview(personId, { faceKey, verdict: said(keyId, 'confirm') }));
    // At the same moment: whoever comes second is the second
    const all = await Promise.all(['first', 'second'].map(open));
    expect(new Set(all.map(({ reviewId }) => reviewId)).size).toBe(1);
    expect(all.map(({ state }) => state).sort()).toEqual(['confirmed', 'open']);
    const anew = await open('first');
    expect(anew.reviewId).not.toBe(all[0]?.reviewId);
    expect(await open('first')).toEqual(anew);
    expect(await openIds(gallery)).toEqual([anew.reviewId]);
    expect((await store().listReviewsOfPerson(gallery, personId)).map(({ state }) => state)).toEqual([
      'confirmed',
      'open',
    ]);
  });

  test('are listed by page, of their gallery only', async () => {
    const { gallery, personId } = await createFound();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await store().openReview(gallery, newReview(personId))).reviewId);
    const first = await store().listOpenReviews(gallery, { limit: 2 });
    expect(first.map(({ reviewId }) => reviewId)).toEqual(ids.slice(0, 2));
    const afterReviewNo = first[1]?.reviewNo ?? 0;
    const rest = await store().listOpenReviews(gallery, { afterReviewNo, limit: 2 });
    expect(rest.map(({ reviewId }) => reviewId)).toEqual(ids.slice(2));
    const other = await createFound({ tenantId: gallery.tenantId });
    expect(await openIds(other.gallery)).toEqual([]);
    const missing = { kind: 'not-found', resource: 'review' } as const;
    await expectProblem(store().getReview(other.gallery, ids[0] ?? ''), missing);
    await expectProblem(store().addVerdict(other.gallery, ids[0] ?? '', said('second', 'confirm')), missing);
    await expectProblem(store().findReviewPhoto(other.gallery, ids[0] ?? ''), missing);
    await expectProblem(store().openReview(gallery, newReview(other.personId)), { resource: 'person' });
  });

  test('go with the person, and are not found of who can’t be', async () => {
    const { gallery, personId } = await createFound();
    await store().addEnrolment(gallery, personId, newEnrolment(), 10);
    const { reviewId } = await store().openReview(gallery, newReview(personId));
    const consent = { givenBy: 'Ann', method: 'on paper', textHash: 'ab'.repeat(32), givenMs: 1 };
    await store().giveConsent(gallery, personId, consent);
    await store().withdrawConsent(gallery, personId, 2);
    expect(await openIds(gallery)).toEqual([]);
    await expectProblem(store().getReview(gallery, reviewId), { kind: 'not-found' });
    await store().giveConsent(gallery, personId, { ...consent, givenMs: 3 });
    expect(await openIds(gallery)).toEqual([reviewId]);
    expect(await store().deletePerson(gallery, personId)).toMatchObject({ persons: 1, photos: 1 });
    expect(await openIds(gallery)).toEqual([]);
    const again = await createFound();
    await store().openReview(again.gallery, newReview(again.personId));
    expect(await store().deleteGallery(again.gallery)).toMatchObject({ persons: 1, photos: 1 });
  });

  test('nobody ended are erased in time', async () => {
    const { gallery, personId } = await createFound();
    await store().openReview(gallery, newReview(personId, { openedMs: -5000 }));
    const { reviewId } = await store().openReview(gallery, newReview(personId));
    expect(await store().sweepReviews(-4000)).toBe(1);
    expect(await openIds(gallery)).toEqual([reviewId]);
  });

  test('are asked for where the gallery says so, also in one made from its snapshot', async () => {
    const { gallery } = await createFound();
    expect(gallery.twoPersonRule).toBe(true);
    expect((await createGallery(store())).twoPersonRule).toBe(false);
    await store().beginSnapshot(gallery, { snapshotId: 's', applyScope: [], createdMs: 1 });
    await store().finishSnapshot(gallery.tenantId, 's');
    await store().updateGallery(gallery, { twoPersonRule: false }, 9);
    expect((await store().getGallery(gallery)).twoPersonRule).toBe(false);
    const anew = galleryRef({ tenantId: gallery.tenantId });
    await store().createGalleryFromSnapshot('s', anew, 9000);
    expect((await store().getGallery(anew)).twoPersonRule).toBe(true);
  });
}
