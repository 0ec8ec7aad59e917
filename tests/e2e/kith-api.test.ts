import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FACES, inTheDarkOf, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

async function call(method: string, path: string, body?: Buffer | object, headers: Record<string, string> = {}) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${service.key}`,
      ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
}

function picture(path: string): Promise<Response> {
  return fetch(`${service.url}/v1${path}`, { headers: { authorization: `Bearer ${service.key}` } });
}

interface IdentifiedFace {
  readonly box: {
    readonly leftPx: number;
    readonly topPx: number;
    readonly widthPx: number;
    readonly heightPx: number;
  };
  readonly outcome: string;
  readonly candidates: readonly { readonly personId: string; readonly name: string; readonly confidence: number }[];
  readonly search: Record<string, unknown>;
}

const boxOf = ({ box }: IdentifiedFace) => [box.leftPx, box.topPx, box.widthPx, box.heightPx].map(Math.round).join(',');

test('people enrolled from one photo are found in another, strangers are not, and each answer says its error rate', async () => {
  expect((await call('PUT', '/galleries/friends', { name: 'Friends' })).status).toBe(201);
  const seen = await call('POST', '/identify?gallery=friends', samplePhoto(1));
  expect(seen.status).toBe(200);
  const faces: IdentifiedFace[] = seen.body.faces;
  expect(faces.map((face) => face.outcome)).toEqual(['unknown', 'unknown', 'unknown']);

  const ids = new Map<string, string>();
  for (const [i, face] of faces.entries()) {
    const { body: person } = await call('POST', '/galleries/friends/people', { name: `Person ${i}` });
    ids.set(person.personId, person.name);
    const path = `/galleries/friends/people/${person.personId}/faces?box=${boxOf(face)}&minQuality=low`;
    const enrolled = await call('POST', path, samplePhoto(1));
    expect(enrolled.status).toBe(201);
    expect(['low', 'medium', 'high']).toContain(enrolled.body.quality.level);
  }
  const gallery = await call('GET', '/galleries/friends');
  expect(gallery.body).toMatchObject({ people: 3, faces: 3, name: 'Friends' });

  const again = await call('POST', '/identify?gallery=friends', samplePhoto(3));
  const found = (again.body.faces as IdentifiedFace[]).filter((face) => face.outcome === 'match');
  expect(found).toHaveLength(1);
  expect(ids.has(found[0]?.candidates[0]?.personId ?? '')).toBe(true);
  expect(found[0]?.search).toMatchObject({
    gallerySize: 3,
    searched: 3,
    exact: expect.any(Boolean),
    recall: expect.any(Number),
    model: 'fast',
    threshold: 0.42,
    targetFpir: 0.01,
    expectedFpir: expect.any(Number),
    calibratedOn: expect.stringContaining('impostor comparisons'),
  });

  // A higher price on strangers: everybody who was found is still a question at most.
  await call('PATCH', '/galleries/friends', { targetFpir: 1e-7 });
  const strict = await call('POST', '/identify?gallery=friends', samplePhoto(3));
  const thresholds = (strict.body.faces as IdentifiedFace[]).map((face) => face.search.threshold as number);
  for (const threshold of thresholds) expect(threshold).toBeGreaterThan(0.55);

  const [personId] = [...ids.keys()];
  expect((await call('DELETE', `/galleries/friends/people/${personId}`)).status).toBe(200);
  expect((await call('GET', `/galleries/friends/people/${personId}`)).body.code).toBe('person-not-found');
  expect((await call('GET', '/galleries/friends/people')).body.people).toHaveLength(2);
  expect((await call('DELETE', '/galleries/friends')).status).toBe(200);
  expect((await call('POST', '/identify?gallery=friends', samplePhoto(3))).status).toBe(422);
});

test('a gallery that keeps photos shows each enrolled face, alone and recognisable, until it keeps none', async () => {
  await call('PUT', '/galleries/shown', { keepPhotos: true });
  const { body: person } = await call('POST', '/galleries/shown/people', { name: 'Ann' });
  const faces = `/galleries/shown/people/${person.personId}/faces`;
  const { body: face } = await call('POST', `${faces}?box=${FACES.ann.box.join(',')}&minQuality=low`, samplePhoto(1));
  expect(face.hasPhoto).toBe(true);

  const photo = await picture(`${faces}/${face.faceId}/photo`);
  expect(photo.headers.get('content-type')).toBe('image/jpeg');
  expect(photo.headers.get('cache-control')).toBe('private, no-store');
  const portrait = Buffer.from(await photo.arrayBuffer());
  const { body: again } = await call('POST', '/identify?gallery=shown', portrait);
  expect(again.faces.map(({ outcome }: IdentifiedFace) => outcome)).toEqual(['match']);

  expect((await call('PATCH', '/galleries/shown', { keepPhotos: false })).body.keepPhotos).toBe(false);
  expect((await picture(`${faces}/${face.faceId}/photo`)).status).toBe(404);
  expect((await call('GET', faces)).body.faces).toMatchObject([{ faceId: face.faceId, hasPhoto: false }]);
});

test('a gallery keeps no photos unless it is told to', async () => {
  expect((await call('PUT', '/galleries/plain', {})).body.keepPhotos).toBe(false);
  const { body: person } = await call('POST', '/galleries/plain/people', { name: 'Ann' });
  const faces = `/galleries/plain/people/${person.personId}/faces`;
  const { body: face } = await call('POST', `${faces}?box=${FACES.ann.box.join(',')}&minQuality=low`, samplePhoto(1));
  expect(face.hasPhoto).toBe(false);
  expect(await (await picture(`${faces}/${face.faceId}/photo`)).json()).toMatchObject({ code: 'photo-not-found' });
});

test('a woman enrolled under two names is a pair to look at, for those who may review', async () => {
  await call('PUT', '/galleries/twice', {});
  for (const name of ['ann', 'annElsewhere', 'bob'] as const) {
    const { body: person } = await call('POST', '/galleries/twice/people', { name });
    const face = `/galleries/twice/people/${person.personId}/faces?minQuality=low`;
    expect((await call('POST', face, await portraitOf(name))).status).toBe(201);
  }
  const { status, body } = await call('GET', '/galleries/twice/duplicates');
  expect(status).toBe(200);
  expect(body).toEqual({
    pairs: [
      {
        people: [expect.anything(), expect.anything()],
        score: expect.closeTo(0.71, 1),
        expectedByChance: expect.any(Number),
      },
    ],
    compared: 3,
    remaining: 0,
  });
  expect(body.pairs[0].people.map(({ name }: { readonly name: string }) => name)).toEqual(['ann', 'annElsewhere']);
  expect(body.pairs[0].expectedByChance).toBeLessThan(0.01);

  const { key } = await service.deps.keys.create({ tenantId: 'home', label: 'front desk', permissions: ['search'] });
  const refused = await call('GET', '/galleries/twice/duplicates', undefined, { authorization: `Bearer ${key}` });
  expect(refused.status).toBe(403);
  expect((await call('GET', '/galleries/twice/duplicates?after=-1')).status).toBe(400);
  expect((await call('GET', '/galleries/nowhere/duplicates')).status).toBe(404);
});

test('models say whose weights they are and what is not known of them', async () => {
  const { body } = await call('GET', '/models');
  expect(body.models[0]).toMatchObject({
    pack: 'fast',
    weightsLicence: expect.stringContaining('MIT'),
    trainingData: expect.stringMatching(/unknown|not (known|published)/i),
    recognitionModels: expect.arrayContaining(['recognition_04']),
  });
});

test.each([
  ['GET', '/nothing', undefined, 404],
  ['PUT', '/galleries/UPPER', {}, 400],
  ['PUT', '/galleries/ok', { targetFpir: 0 }, 400],
  ['PUT', '/galleries/ok', { targetFpir: 1.5 }, 400],
  ['PUT', '/galleries/ok', { recognitionModel: 'none' }, 400],
  ['GET', '/galleries/..%2f..', undefined, 404],
  ['GET', '/galleries?limit=0', undefined, 400],
  ['POST', '/identify', Buffer.alloc(2000), 400],
  ['POST', '/identify?gallery=none', Buffer.alloc(2000), 422],
])('%s %s with %j is refused with %i', async (method, path, body, status) => {
  const answer = await call(method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
});

test('a photo of several faces is refused with the way out, and one without a face too', async () => {
  await call('PUT', '/galleries/quality', {});
  const { body: person } = await call('POST', '/galleries/quality/people', { name: 'Somebody' });
  const path = `/galleries/quality/people/${person.personId}/faces`;
  const several = await call('POST', path, samplePhoto(1));
  expect(several).toMatchObject({ status: 422, body: { code: 'image-several-faces' } });
  const notAPhoto = await call('POST', path, Buffer.alloc(5000, 'x'));
  expect(notAPhoto).toMatchObject({ status: 422, body: { code: 'image-undecodable' } });
  expect(notAPhoto.body).not.toHaveProperty('reasons');
  const inTheDark = await call('POST', path, await inTheDarkOf('dan'));
  expect(inTheDark).toMatchObject({ status: 422, body: { code: 'image-low-quality' } });
  expect(inTheDark.body.reasons).toContain('too-dark');
  expect((await call('GET', `${path}`)).body.faces).toEqual([]);
});

test('without a key nothing is read or told', async () => {
  for (const authorization of ['', 'Bearer wrong', 'Basic x']) {
    const answer = await call('GET', '/galleries', undefined, { authorization });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  }
});

test('two people who are one become one, and two again; a face enrolled under the wrong person moves', async () => {
  await call('PUT', '/galleries/doubles', { keepPhotos: true });
  const enrol = async (name: string, who: 'ann' | 'annElsewhere' | 'bob') => {
    const { body: person } = await call('POST', '/galleries/doubles/people', { name });
    const faces = `/galleries/doubles/people/${person.personId}/faces`;
    const { body: face } = await call('POST', `${faces}?minQuality=low`, await portraitOf(who));
    return { personId: person.personId as string, faceId: face.faceId as string };
  };
  const named = async (who: 'ann' | 'bob') => {
    const { body } = await call('POST', '/identify?gallery=doubles', await portraitOf(who));
    return (body.faces as IdentifiedFace[])[0]?.candidates.map(({ name }) => name);
  };
  const ann = await enrol('Ann', 'ann');
  const twin = await enrol('Anne', 'annElsewhere');
  expect(await named('ann')).toEqual(['Ann', 'Anne']);

  const merged = await call('POST', `/galleries/doubles/people/${ann.personId}/merge`, { from: twin.personId });
  expect(merged).toMatchObject({ status: 201, body: { into: ann.personId, from: twin.personId, fromName: 'Anne' } });
  expect(await named('ann')).toEqual(['Ann']);
  expect((await call('GET', `/galleries/doubles/people/${ann.personId}`)).body.faceIds).toHaveLength(2);
  const photo = await picture(`/galleries/doubles/people/${ann.personId}/faces/${twin.faceId}/photo`);
  expect(photo.headers.get('content-type')).toBe('image/jpeg');
  expect((await call('GET', `/galleries/doubles/people/${twin.personId}`)).status).toBe(404);
  const listed = await call('GET', `/galleries/doubles/people/${ann.personId}/merges`);
  expect(listed.body.merges).toEqual([merged.body]);

  const undo = `/galleries/doubles/merges/${merged.body.mergeId}/undo`;
  expect((await call('POST', undo)).status).toBe(200);
  expect((await call('POST', undo)).body.code).toBe('merge-not-found');
  expect(await named('ann')).toEqual(['Ann', 'Anne']);

  const bob = await enrol('Bob', 'bob');
  const misfiled = `/galleries/doubles/people/${twin.personId}/faces/${twin.faceId}`;
  expect((await call('POST', `${misfiled}/move`, { to: bob.personId })).status).toBe(204);
  expect((await call('POST', `${misfiled}/move`, { to: bob.personId })).body.code).toBe('enrolment-not-found');
  expect(await named('ann')).toEqual(['Ann', 'Bob']);
  const self = await call('POST', `/galleries/doubles/people/${bob.personId}/merge`, { from: bob.personId });
  expect(self.status).toBe(400);
});

test('people are listed by name, page by page, and found by a part of it', async () => {
  await call('PUT', '/galleries/names', {});
  for (const name of ['Zoë', 'Ann', 'Bo_b', 'ann', 'Ann', 'Bo%b']) {
    await call('POST', '/galleries/names/people', { name });
  }
  const all: string[] = [];
  let query = 'limit=2';
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = await call('GET', `/galleries/names/people-by-name?${query}`);
    all.push(...page.body.people.map(({ name }: { name: string }) => name));
    next = page.body.next;
    query = `limit=2&after=${next}`;
  }
  expect(all).toEqual(['Ann', 'Ann', 'Bo%b', 'Bo_b', 'Zoë', 'ann']);
  const containing = async (text: string) => {
    const { body } = await call('GET', `/galleries/names/people-by-name?containing=${encodeURIComponent(text)}`);
    return body.people.map(({ name }: { name: string }) => name);
  };
  expect(await containing('AN')).toEqual(['Ann', 'Ann', 'ann']);
  expect(await containing('o_b')).toEqual(['Bo_b']);
  expect(await containing('%')).toEqual(['Bo%b']);
  const { body } = await call('GET', '/galleries/names/people-by-name?limit=2&skip=3&count=true');
  expect(body).toMatchObject({ people: [{ name: 'Bo_b' }, { name: 'Zoë' }], next: expect.any(String), total: 6 });
  const rest = await call('GET', `/galleries/names/people-by-name?skip=1&after=${body.next}`);
  expect(rest.body).toEqual({ people: [] });
  const newest = await call('GET', '/galleries/names/people-by-name?order=newest&limit=2&containing=ann&count=true');
  expect(newest.body).toMatchObject({ people: [{ name: 'Ann' }, { name: 'ann' }], total: 3 });
  for (const query of ['after=nonsense', 'skip=-1', 'skip=1000001', 'skip=x', 'order=oldest', 'count=maybe']) {
    expect((await call('GET', `/galleries/names/people-by-name?${query}`)).status, query).toBe(400);
  }
});

test('photos imported by name at once make one person, and one face of each photo', async () => {
  await call('PUT', '/galleries/import', {});
  const path = '/galleries/import/imports';
  const ann = await portraitOf('ann');
  const again = await portraitOf('annElsewhere');
  // One name as two systems spell it
  const names = ['Zo\u00eb', 'Zoe\u0308'].map(encodeURIComponent);
  const sent = [ann, again, ann, again].map((photo, i) =>
    call('POST', `${path}?person=${names[i % 2]}&minQuality=low`, photo),
  );
  const outcomes = (await Promise.all(sent)).map(({ body }) => body.outcome);
  expect(outcomes.sort()).toEqual(['already-enrolled', 'already-enrolled', 'enrolled', 'enrolled']);
  expect((await call('GET', '/galleries/import')).body).toMatchObject({ people: 1, faces: 2 });

  const hash = createHash('sha256').update(ann).digest('hex');
  const known = await call('GET', `${path}?person=${names[1]}&sourceHash=${hash.toUpperCase()}`);
  expect(known.body).toEqual({ personId: expect.any(String), face: expect.objectContaining({ hasPhoto: false }) });
  for (const [person, sourceHash] of [
    ['Nobody', hash],
    [names[0], 'ab'.repeat(32)],
  ]) {
    expect((await call('GET', `${path}?person=${person}&sourceHash=${sourceHash}`)).body).toEqual({});
  }
  const dry = await call('POST', `${path}?person=Bob&dryRun=true`, await portraitOf('bob'));
  expect(dry.body).toEqual({ outcome: 'usable', quality: expect.any(Object) });
  const unsure = await call('POST', `${path}?person=Bob`, samplePhoto(1));
  expect(unsure).toMatchObject({ status: 422, body: { code: 'image-several-faces' } });
  expect((await call('GET', '/galleries/import')).body).toMatchObject({ people: 1, faces: 2 });
});

test('an import that is not told whole is refused, and nobody is made for it', async () => {
  await call('PUT', '/galleries/strict', { consentPolicy: 'required' });
  const path = '/galleries/strict/imports';
  const bob = await portraitOf('bob');
  const textHash = 'ab'.repeat(32);
  for (const [query, status, code] of [
    ['', 400, 'person-missing'],
    ['person=', 400, 'person-missing'],
    [`person=${'n'.repeat(129)}`, 400, 'person-too-long'],
    ['person=Bob&minQuality=best', 400, 'minQuality-unknown'],
    ['person=Bob', 403, 'consent-required'],
    ['person=Bob&consentMethod=told', 400, 'consentTextHash-missing'],
    [`person=Bob&consentTextHash=${textHash}`, 400, 'consentMethod-missing'],
    ['person=Bob&consentBy=Ann', 400, 'consentBy-malformed'],
    [
      `person=Bob&consentMethod=told&consentTextHash=${textHash}&consentUntil=2001-01-01T00:00:00Z`,
      400,
      'until-out-of-range',
    ],
  ] as const) {
    expect(await call('POST', `${path}?${query}`, bob), query).toMatchObject({ status, body: { code } });
  }
  expect((await call('GET', '/galleries/strict')).body).toMatchObject({ people: 0 });
  expect((await call('POST', '/galleries/nowhere/imports?person=Bob', bob)).status).toBe(404);
  const given = await call('POST', `${path}?person=Bob&consentMethod=told&consentTextHash=${textHash}`, bob);
  expect(given).toMatchObject({
    status: 200,
    body: { outcome: 'enrolled', consentGiven: { givenBy: 'Bob', state: 'given' } },
  });
});
