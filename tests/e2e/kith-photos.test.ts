// Photos that are looked at and forgotten: detected, compared, grouped and ranked through Kith's own door.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openAuditReader } from '../../src/audit/audit-reader.ts';
import { type KithAnswer, type KithHttp, kithHttp } from '../support/kith-http.ts';
import { FACES, type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

vi.setConfig({ hookTimeout: 60_000 });

let service: TestService;
let kith: KithHttp;
let nowMs = Date.now();
const photos = {} as Record<FaceName, Buffer>;

beforeAll(async () => {
  service = await startService({ clock: { nowMs: () => nowMs } });
  kith = kithHttp(service);
  for (const name of Object.keys(FACES) as FaceName[]) photos[name] = await portraitOf(name);
});
afterAll(() => service?.stop());

interface WireFace {
  readonly box: {
    readonly leftPx: number;
    readonly topPx: number;
    readonly widthPx: number;
    readonly heightPx: number;
  };
  readonly probeId?: string;
}

async function detected(photo: Buffer, keepForS = 600): Promise<readonly WireFace[]> {
  const { status, body } = await kith.call('POST', `/detect?keepForS=${keepForS}`, photo);
  expect(status).toBe(200);
  return body.faces;
}

async function probeOf(photo: Buffer, keepForS?: number): Promise<string> {
  const [face] = await detected(photo, keepForS);
  return face?.probeId ?? '';
}

async function actions(): Promise<Record<string, unknown>[]> {
  const reader = await openAuditReader({ folder: service.auditFolder });
  const found: Record<string, unknown>[] = [];
  for (const chain of reader.chains) {
    for await (const { lines } of reader.readRecords(chain)) {
      for (const { content } of lines) found.push(content as unknown as Record<string, unknown>);
    }
  }
  return found;
}

function formOf(files: Readonly<Record<string, Buffer | string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(files)) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), `${name}.jpg`);
  }
  return form;
}

async function verify(
  body: FormData | Buffer | string,
  query = '',
  headers: Record<string, string> = {},
): Promise<Pick<KithAnswer, 'status' | 'body'>> {
  const response = await fetch(`${service.url}/v1/verify${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, ...headers },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
  });
  return { status: response.status, body: await response.json() };
}

describe('detecting', () => {
  test('tells where faces are and how good, and keeps nothing unless asked to', async () => {
    const before = (await actions()).length;
    const { body } = await kith.call('POST', '/detect', samplePhoto(1));
    expect(body).toMatchObject({ widthPx: 1920, heightPx: expect.any(Number) });
    expect(body.faces).toHaveLength(3);
    const [left] = FACES.ann.box;
    expect(body.faces.some(({ box }: WireFace) => Math.abs(box.leftPx - left) < 20)).toBe(true);
    for (const face of body.faces) expect(Object.keys(face).sort()).toEqual(['box', 'quality']);
    expect(await actions()).toHaveLength(before);

    const kept = await detected(samplePhoto(1));
    expect(new Set(kept.map(({ probeId }) => probeId)).size).toBe(3);
    expect((await actions()).at(-1)).toMatchObject({
      action: 'detect-kept',
      probeIds: kept.map((face) => face.probeId),
    });
  });

  test('what it kept is gone when its time is over', async () => {
    const probeId = await probeOf(photos.ann, 60);
    const ask = () => kith.call('POST', '/group', { probeIds: [probeId] });
    expect((await ask()).status).toBe(200);
    nowMs += 61_000;
    expect(await ask()).toMatchObject({ status: 422, body: { code: 'probe-not-found' } });
  });

  test.each([
    ['keepForS=59', 400],
    ['keepForS=86401', 400],
    ['keepForS=x', 400],
    ['recognitionModel=none', 400],
    ['recognitionModel=recognition_03', 200],
  ])('%s is answered with %i', async (query, status) => {
    expect((await kith.call('POST', `/detect?${query}`, photos.ann)).status).toBe(status);
  });

  test('what is no photo is refused in words', async () => {
    const answers = [Buffer.alloc(5000, 'x'), photos.ann.subarray(0, 300)].map((bytes) =>
      kith.call('POST', '/detect', bytes),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'image-undecodable' } });
    }
    expect((await kith.call('POST', '/detect', {})).status).toBe(400);
  });
});

describe('comparing two photos', () => {
  test('says whether they show one person, by what rule, and nothing more; it is on record', async () => {
    const same = await verify(formOf({ photo: photos.ann, other: photos.annElsewhere }));
    const face = {
      box: expect.any(Object),
      quality: { level: expect.any(String), reasons: expect.any(Array) },
    };
    expect(same.body).toEqual({
      outcome: 'match',
      confidence: expect.any(Number),
      score: expect.any(Number),
      strangerRate: expect.any(Number),
      rule: {
        model: 'fast',
        threshold: expect.any(Number),
        reviewThreshold: expect.any(Number),
        expectedFmr: expect.any(Number),
        expectedFmrInterval: [expect.any(Number), expect.any(Number)],
        calibratedOn: expect.stringContaining('Labeled Faces in the Wild'),
      },
      faces: { photo: face, other: face },
    });
    const { score, rule } = same.body;
    expect(score).toBeGreaterThan(rule.threshold);
    expect(same.body.strangerRate).toBeLessThan(rule.expectedFmr);
    const record = (await actions()).at(-1);
    expect(record).toMatchObject({
      action: 'verify',
      outcome: 'done',
      probeIds: [],
      thresholdScore: expect.any(Number),
    });
    expect(record).not.toHaveProperty('gallery');

    const others = await verify(formOf({ photo: photos.ann, other: photos.bob }));
    expect(others.body).toMatchObject({ outcome: 'unknown' });
    expect(others.body.confidence).toBeLessThan(0.5);
    // The same the other way round
    const turned = await verify(formOf({ other: photos.ann, photo: photos.annElsewhere }));
    expect(turned.body.score).toBeCloseTo(score, 6);
  });

  test('of several faces takes the one that is meant, and asks when none is', async () => {
    const several = formOf({ photo: photos.annElsewhere, other: samplePhoto(1) });
    const unsaid = await verify(several);
    expect(unsaid).toMatchObject({ status: 422, body: { code: 'image-several-faces' } });
    expect(unsaid.body.detail).toMatch(/^"other": .*3 faces/);
    const meant = await verify(several, `?otherFace=${FACES.ann.box.join(',')}`);
    expect(meant.body.outcome).toBe('match');
    expect(meant.body.faces.other.box.leftPx).toBeCloseTo(FACES.ann.box[0], -1);
    expect((await verify(several, '?otherFace=largest')).status).toBe(200);
    expect((await verify(several, '?otherFace=0,0,40,40')).body.code).toBe('image-no-face');
    expect((await verify(several, '?otherFace=5000,0,40,40')).status).toBe(400);
    expect((await verify(several, '?otherFace=middle')).status).toBe(400);
  });

  test.each<[string, FormData | Buffer | string, Record<string, string>, number]>([
    ['one photo', formOf({ photo: Buffer.alloc(2000) }), {}, 400],
    ['a photo as text', formOf({ photo: 'x', other: Buffer.alloc(2000) }), {}, 400],
    ['empty files', formOf({ photo: Buffer.alloc(0), other: Buffer.alloc(0) }), {}, 422],
    ['files that are no photos', formOf({ photo: Buffer.alloc(2000), other: Buffer.alloc(2000) }), {}, 422],
    ['three files', formOf({ photo: Buffer.from('a'), other: Buffer.from('b'), third: Buffer.from('c') }), {}, 400],
    ['prototype names', formOf({ ['__proto__']: Buffer.from('a'), constructor: Buffer.from('b') }), {}, 400],
    ['an empty form', formOf({}), {}, 400],
    ['a photo alone', Buffer.alloc(2000), { 'content-type': 'image/jpeg' }, 415],
    ['JSON', '{}', { 'content-type': 'application/json' }, 415],
    ['a form without its boundary', 'x', { 'content-type': 'multipart/form-data' }, 400],
    [
      'a form that is cut off',
      '--b\r\ncontent-disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nabc',
      { 'content-type': 'multipart/form-data; boundary=b' },
      400,
    ],
  ])('%s: refused in words', async (_what, body, headers, status) => {
    const answer = await verify(body, '', headers);
    expect(answer).toMatchObject({ status, body: { status, code: expect.any(String), detail: expect.any(String) } });
  });

  test('other routes take no form', async () => {
    const headers = { authorization: `Bearer ${service.key}` };
    const body = formOf({ name: 'Somebody', photo: photos.ann });
    for (const path of ['/detect', '/group', '/galleries/club/people']) {
      expect((await fetch(`${service.url}/v1${path}`, { method: 'POST', headers, body })).status).toBe(415);
    }
  });
});

describe('grouping', () => {
  test('brings the faces of one person together, whatever their order', async () => {
    const faces = [...(await detected(samplePhoto(1))), ...(await detected(samplePhoto(3)))];
    const idNear = ([left]: readonly number[], among: readonly WireFace[]) =>
      among.find(({ box }) => Math.abs(box.leftPx - (left as number)) < 20)?.probeId;
    const ann = [idNear(FACES.ann.box, faces.slice(0, 3)), idNear(FACES.annElsewhere.box, faces.slice(3))];
    const probeIds = faces.map(({ probeId }) => probeId as string);
    const { body } = await kith.call('POST', '/group', { probeIds: [...probeIds, ...probeIds] });
    expect(body.groups.some((group: string[]) => ann.every((id) => group.includes(id as string)))).toBe(true);
    expect(body.alone).toContain(idNear(FACES.bob.box, faces.slice(3)));
    // Each face once, and no faces that weren't asked for
    expect([...body.groups.flat(), ...body.alone].sort()).toEqual([...probeIds].sort());
    const turned = await kith.call('POST', '/group', { probeIds: [...probeIds].reverse() });
    expect(turned.body).toEqual(body);
  });

  test('the tenant’s own and live faces only, and not too many', async () => {
    const unknown = { probeIds: ['00000000-0000-0000-0000-000000000000'] };
    expect(await kith.call('POST', '/group', unknown)).toMatchObject({
      status: 422,
      body: { code: 'probe-not-found' },
    });
    for (const probeIds of [[], Array(2001).fill('x'), ['x'.repeat(65)], [1], 'x', null]) {
      expect((await kith.call('POST', '/group', { probeIds })).status).toBe(400);
    }
  });
});

describe('finding what looks alike', () => {
  test('ranks detected faces, the same person first', async () => {
    const probeId = await probeOf(photos.ann);
    const [elsewhere, bob, cleo] = [
      await probeOf(photos.annElsewhere),
      await probeOf(photos.bob),
      await probeOf(photos.cleo),
    ];
    const among = [bob, cleo, elsewhere, probeId, bob];
    const { body } = await kith.call('POST', '/similar', { probeId, among });
    expect(body.compared).toBe(3);
    expect(body.faces.map((face: WireFace) => face.probeId)[0]).toBe(elsewhere);
    expect(body.faces.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['match', 'unknown', 'unknown']);
    for (const face of body.faces) {
      expect(Object.keys(face).sort()).toEqual(['confidence', 'outcome', 'probeId', 'score', 'strangerRate']);
    }
    const one = await kith.call('POST', '/similar', { probeId, among, maxFaces: 1 });
    expect(one.body.faces).toEqual(body.faces.slice(0, 1));
    const alone = await kith.call('POST', '/similar', { probeId, among: [probeId] });
    expect(alone.body).toEqual({ compared: 0, faces: [] });
    expect((await kith.call('POST', '/similar', { probeId, among: [] })).status).toBe(400);
    expect((await kith.call('POST', '/similar', { probeId, among: ['none'] })).status).toBe(422);
  });

  test('ranks a gallery’s people, however unlike they are, and is on record as a search', async () => {
    await kith.call('PUT', '/galleries/likeness', {});
    const probeId = await probeOf(photos.ann);
    const ask = (more = {}) => kith.call('POST', '/galleries/likeness/similar', { probeId, ...more });
    expect((await ask()).body).toMatchObject({ outcome: 'unknown', candidates: [] });
    for (const who of ['bob', 'annElsewhere', 'dan'] as const) {
      const { body: person } = await kith.call('POST', '/galleries/likeness/people', { name: who });
      await kith.call('POST', `/galleries/likeness/people/${person.personId}/faces?minQuality=low`, photos[who]);
    }
    const { body } = await ask();
    expect(body.outcome).toBe('match');
    expect(body.candidates.map(({ name }: { name: string }) => name)[0]).toBe('annElsewhere');
    expect(body.candidates).toHaveLength(3);
    expect((await actions()).at(-1)).toMatchObject({ action: 'search', searches: [{ probeId }] });
    expect((await ask({ maxCandidates: 1 })).body.candidates).toHaveLength(1);
    expect((await ask({ maxCandidates: 101 })).status).toBe(400);
    expect((await kith.call('POST', '/galleries/none/similar', { probeId })).status).toBe(404);
  });
});
