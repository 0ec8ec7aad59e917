// Where a gallery has the two-person rule, nobody counts as found on one person's word; what waits is kept sealed, is on
// record and goes with the person.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordsIn } from '../support/audit-records.ts';
import { type KithAnswer, kithHttp } from '../support/kith-http.ts';
import { portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let ann: Buffer;
let personId: string;
let strangerId: string;
const keys: Record<'first' | 'second' | 'desk', string> = { first: '', second: '', desk: '' };

const as = (who: keyof typeof keys) => kithHttp({ url: service.url, key: keys[who] }).call;
const REVIEWS = '/galleries/gate/reviews';
const confirm = (of = personId, verdict = 'confirm') => `${REVIEWS}?person=${of}&verdict=${verdict}`;
const told = ({ status, body }: KithAnswer) => [status, body.code];

beforeAll(async () => {
  service = await startService();
  const { call } = kithHttp(service);
  for (const who of ['first', 'second'] as const) {
    const made = await call('POST', '/keys', { label: who, permissions: ['search', 'review'] });
    keys[who] = made.body.key;
  }
  keys.desk = (await call('POST', '/keys', { label: 'desk', permissions: ['search'] })).body.key;
  await call('PUT', '/galleries/gate', { twoPersonRule: true });
  const enrol = async (gallery: string, who: 'annElsewhere' | 'bob') => {
    const made = await call('POST', `/galleries/${gallery}/people`, { name: who });
    const faces = `/galleries/${gallery}/people/${made.body.personId}/faces?minQuality=low`;
    expect((await call('POST', faces, await portraitOf(who))).status).toBe(201);
    return made.body.personId;
  };
  personId = await enrol('gate', 'annElsewhere');
  strangerId = await enrol('gate', 'bob');
  ann = await portraitOf('ann');
});
afterAll(() => service?.stop());

test('an answer is a proposal until a second key confirms it; the same key twice is one', async () => {
  const found = await as('first')('POST', '/identify?gallery=gate', ann);
  expect(found.body).toMatchObject({ confirmationsNeeded: 2, faces: [{ candidates: [{ personId }] }] });
  const opened = await as('first')('POST', confirm(), ann);
  expect(opened.status).toBe(201);
  expect(opened.body).toMatchObject({
    personId,
    state: 'open',
    confirmationsNeeded: 2,
    hasPhoto: true,
    mine: 'confirm',
  });
  expect((await as('first')('POST', confirm(), ann)).body).toEqual(opened.body);

  const waiting = (await as('second')('GET', REVIEWS)).body.reviews;
  expect(waiting).toMatchObject([{ reviewId: opened.body.reviewId, name: 'annElsewhere', state: 'open' }]);
  expect(waiting[0].mine).toBeUndefined();
  // What the second person sees is the face of the first one's photo
  const picture = await fetch(`${service.url}/v1${REVIEWS}/${opened.body.reviewId}/photo`, {
    headers: { authorization: `Bearer ${keys.second}` },
  });
  expect(picture.headers.get('cache-control')).toBe('private, no-store');
  const face = Buffer.from(await picture.arrayBuffer());
  const again = await as('second')('POST', '/identify?gallery=gate', face);
  expect(again.body.faces[0].candidates[0].personId).toBe(personId);

  const verdicts = `${REVIEWS}/${opened.body.reviewId}/verdicts`;
  const confirmed = await as('second')('POST', verdicts, { verdict: 'confirm' });
  expect(confirmed.body).toMatchObject({ state: 'confirmed', hasPhoto: false });
  expect(confirmed.body.verdicts.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['confirm', 'confirm']);
  expect(told(await as('second')('POST', verdicts, { verdict: 'reject' }))).toEqual([409, 'conflict']);
  expect(told(await as('second')('GET', `${REVIEWS}/${opened.body.reviewId}/photo`))).toEqual([404, 'photo-not-found']);
  expect((await as('second')('GET', REVIEWS)).body.reviews).toEqual([]);
});

test('who looks at the same photo is the second person; either can reject', async () => {
  const { reviewId } = (await as('first')('POST', confirm(), ann)).body;
  const rejected = await as('second')('POST', confirm(personId, 'reject'), ann);
  expect(rejected.body).toMatchObject({ reviewId, state: 'rejected', hasPhoto: false, mine: 'reject' });
});

test('nothing is confirmed that no search answers', async () => {
  expect(told(await as('first')('POST', confirm(strangerId), ann))).toEqual([409, 'conflict']);
  expect(told(await as('first')('POST', confirm('nobody'), ann))).toEqual([404, 'person-not-found']);
  expect(told(await as('first')('POST', confirm(), samplePhoto(1)))).toEqual([422, 'image-several-faces']);
  expect(told(await as('first')('POST', confirm(), Buffer.alloc(2000)))).toEqual([422, 'image-undecodable']);
  expect(told(await as('first')('POST', `${confirm()}&box=1,2,3`, ann))).toEqual([400, 'box-malformed']);
  expect((await as('first')('POST', `${confirm(personId, 'perhaps')}`, ann)).status).toBe(400);
  expect((await as('first')('POST', `${REVIEWS}/none/verdicts`, { verdict: 'confirm' })).body.code).toBe(
    'review-not-found',
  );
  expect((await as('desk')('POST', confirm(), ann)).status).toBe(403);
  expect((await as('first')('GET', REVIEWS)).body.reviews).toEqual([]);
});

test('where one person is enough, one is, and no picture is kept', async () => {
  const { call } = kithHttp(service);
  expect((await call('PATCH', '/galleries/gate', { twoPersonRule: false })).body.twoPersonRule).toBe(false);
  const alone = await as('first')('POST', confirm(), ann);
  expect(alone.body).toMatchObject({ state: 'confirmed', confirmationsNeeded: 1, hasPhoto: false });
  expect((await call('PATCH', '/galleries/gate', { twoPersonRule: true })).body.twoPersonRule).toBe(true);
});

test('it is published, on record without a name, and in what is held about the person, with whom it goes', async () => {
  const { call } = kithHttp(service);
  const policy = await fetch(`${service.url}/.well-known/biometric-policy`);
  expect(JSON.stringify(await policy.json())).toContain('before two people said so');
  const { reviewId } = (await as('first')('POST', confirm(), ann)).body;
  const held = (await call('GET', `/persons/${personId}/record`)).body;
  expect(held.held[0].reviews.at(-1)).toEqual({
    ...{ at: expect.any(String), state: 'open', score: expect.any(Number), picture: true },
  });
  const records = await recordsIn(service.auditFolder);
  const verdict = records.findLast(({ action, outcome }) => action === 'review-confirm' && outcome === 'done');
  expect(verdict).toMatchObject({ personIds: [personId], counts: { confirmations: 1, needed: 2 } });
  const search = records.find(({ seq }) => seq === (verdict as { search?: { seq: number } })?.search?.seq);
  expect(search).toMatchObject({ action: 'search', searches: [{ candidates: [{ personId }] }] });
  expect(JSON.stringify(records)).not.toContain('annElsewhere');

  const erased = await call('DELETE', `/galleries/gate/people/${personId}`);
  expect(erased.body.receipt.removed).toMatchObject({ persons: 1, photos: 1 });
  expect((await as('second')('GET', `${REVIEWS}/${reviewId}/photo`)).status).toBe(404);
  expect((await as('second')('GET', REVIEWS)).body.reviews).toEqual([]);
});

test('galleries whose doors know no second person can’t have the rule', async () => {
  const { deps } = service;
  await deps.store.createGallery({
    ...{ tenantId: 'home', kind: 'face', galleryId: 'list', name: 'list', recognitionModel: 'recognition_04' },
    createdMs: 1,
  });
  const { updateGallery } = await import('../../src/core/operations/manage-galleries.ts');
  const audit = deps.auditLog.actingAs({ tenantId: 'home', keyId: 'test' });
  const list = { tenantId: 'home', kind: 'face', galleryId: 'list' } as const;
  await expect(updateGallery({ ...deps, audit }, list, { twoPersonRule: true })).rejects.toThrow(/no second person/);
});
