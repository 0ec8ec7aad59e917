// A key that is bound to galleries, or to purposes, knows of nothing else, on every route through every door: the list of
// routes is the router's own, and one that nobody thought of is closed to such a key.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const AZURE = '/face/v1.2';
const OWN = 'front-desk';
const CLOSED = 'staff-only';
const MISSING = 'nowhere';

let service: TestService;
let bound: string;
let forPurpose: string;
let personId: string;
let photo: Buffer;
let probeId: string;

async function send(key: string, method: string, url: string, body?: object | Buffer) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(service.url + url, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      'ocp-apim-subscription-key': key,
      ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {} };
}

beforeAll(async () => {
  service = await startService();
  photo = await portraitOf('ann');
  for (const [galleryId, purpose] of [
    [OWN, 'greeting guests'],
    [CLOSED, 'opening doors'],
  ]) {
    await send(service.key, 'PUT', `/v1/galleries/${galleryId}`, { purpose });
    for (const kind of ['persongroups', 'facelists', 'largefacelists']) {
      await send(service.key, 'PUT', `${AZURE}/${kind}/${galleryId}`, {
        name: 'x',
        recognitionModel: 'recognition_04',
      });
    }
  }
  personId = (await send(service.key, 'POST', `/v1/galleries/${CLOSED}/people`, { name: 'Ann' })).json.personId;
  const detected = await send(service.key, 'POST', `${AZURE}/detect?recognitionModel=recognition_04`, photo);
  probeId = detected.json[0].faceId;
  const key = async (bounds: object) =>
    (await send(service.key, 'POST', '/v1/keys', { label: 'desk', permissions: ['admin'], ...bounds })).json.key;
  bound = await key({ galleries: [OWN] });
  forPurpose = await key({ purposes: ['greeting guests'] });
});
afterAll(() => service?.stop());

const routes = () =>
  service.routes
    .filter(({ url, permission }) => permission !== 'public' && /^(\/v1|\/metrics|\/face\/v1\.[02])(\/|$)/.test(url))
    .flatMap(({ methods, url }) => methods.filter((method) => method !== 'HEAD').map((method) => ({ method, url })));

function filled(url: string, galleryId: string): string {
  return url.replace(/:(\w+)/g, (_, name: string) => {
    if (name === 'personId') return personId;
    return /galleryId|Group|List/i.test(name) ? galleryId : 'none';
  });
}

function bodyFor(method: string, url: string, galleryId: string): object | Buffer | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (/(persistedfaces|\/faces|\/imports|\/reviews|\/detect)$/.test(url) || url === '/v1/identify') return photo;
  if (url === '/v1/group') return { probeIds: [probeId] };
  if (url === '/v1/similar') return { probeId, among: [probeId] };
  if (url.endsWith('/similar')) return { probeId };
  if (url.endsWith('/identify')) return { faceIds: [probeId], largePersonGroupId: galleryId };
  if (url.endsWith('/verify')) return { faceId: probeId, personId, largePersonGroupId: galleryId };
  if (url.endsWith('/findsimilars')) return { faceId: probeId, largeFaceListId: galleryId };
  if (url.endsWith('/consent')) return { givenBy: 'Ann', method: 'on paper', textHash: 'ab'.repeat(32) };
  if (url.endsWith('/merge')) return { from: personId };
  if (url.endsWith('/move')) return { to: personId };
  if (url.endsWith('/snapshots')) {
    const applyScope = ['00000000-0000-0000-0000-000000000000'];
    return { type: 'LargePersonGroup', objectId: galleryId, applyScope };
  }
  if (/iveness\w*-sessions$/i.test(url)) {
    return { livenessOperationMode: 'Passive', deviceCorrelationId: 'x', deviceCorrelationIdSetInClient: false };
  }
  if (url.endsWith('/verdicts')) return { verdict: 'confirm' };
  if (url.endsWith('/keys')) return { label: 'more', permissions: ['admin'] };
  if (/(train|undo|rotate|retention|check)$/.test(url)) return {};
  return { name: 'changed' };
}

/** Without what differs between any two requests, and the id that was asked for. */
function plain(text: string, galleryId: string): string {
  return text.replace(/"requestId":"[^"]+"/, '').replaceAll(galleryId, 'THAT');
}

function withQuery(url: string, galleryId: string): string {
  if (url.endsWith('/imports')) return `${url}?person=Ann&sourceHash=${'ab'.repeat(32)}`;
  if (url.endsWith('/reviews')) return `${url}?person=${personId}&verdict=confirm`;
  return url === '/v1/identify' ? `${url}?gallery=${galleryId}` : url;
}

describe('beyond its galleries', () => {
  test('a gallery that is there answers on every route as one that isn’t', async () => {
    let closed = 0;
    for (const { method, url } of routes()) {
      const names = url.includes(':') || /(identify|verify|findsimilars)$/.test(url);
      if (!names) continue;
      for (const key of [bound, forPurpose]) {
        const there = await send(key, method, withQuery(filled(url, CLOSED), CLOSED), bodyFor(method, url, CLOSED));
        const missing = await send(
          key,
          method,
          withQuery(filled(url, MISSING), MISSING),
          bodyFor(method, url, MISSING),
        );
        const what = `${method} ${url}: ${there.status} ${there.text}`;
        expect(there.status, what).toBeGreaterThanOrEqual(400);
        expect(there.status, what).toBeLessThan(500);
        expect(plain(there.text, CLOSED), what).toBe(plain(missing.text, MISSING));
        closed++;
      }
    }
    expect(closed).toBeGreaterThan(150);
  });

  test('what is about more than one gallery is forbidden', async () => {
    const open = new Set([
      `POST ${AZURE}/detect`,
      `POST ${AZURE}/group`,
      `POST ${AZURE}/findsimilars`,
      'POST /v1/detect',
      'POST /v1/group',
      'POST /v1/similar',
      'GET /v1/models',
      'GET /v1/galleries',
      'GET /v1/erasures',
      'GET /v1/erasures/public-key',
    ]);
    for (const { method, url } of routes()) {
      if (url.includes(':') || /(identify|verify|findsimilars)$/.test(url)) continue;
      const { status, text } = await send(bound, method, url, bodyFor(method, url, OWN));
      const what = `${method} ${url}: ${status} ${text}`;
      const isOpen = open.has(`${method} ${url.replace(/^\/face\/v1\.0/, AZURE)}`) || /groups$|lists$/.test(url);
      if (method === 'GET' && isOpen) expect(status, what).toBe(200);
      else if (isOpen) expect(status, what).not.toBe(403);
      else expect(status, what).toBe(403);
    }
  });

  test('lists show what is within', async () => {
    for (const key of [bound, forPurpose]) {
      const galleries = (await send(key, 'GET', '/v1/galleries')).json.galleries;
      expect(galleries.map(({ galleryId }: { galleryId: string }) => galleryId)).toEqual([OWN]);
    }
    for (const [path, name] of [
      ['persongroups', 'personGroupId'],
      ['largepersongroups', 'largePersonGroupId'],
      ['facelists', 'faceListId'],
      ['largefacelists', 'largeFaceListId'],
    ]) {
      const { json } = await send(bound, 'GET', `${AZURE}/${path}`);
      expect(json.map((container: Record<string, string>) => container[name as string])).toEqual([OWN]);
    }
    expect((await send(service.key, 'GET', '/v1/galleries')).json.galleries).toHaveLength(2);
  });
});

test('within its galleries it does what its permissions say', async () => {
  for (const key of [bound, forPurpose]) {
    const made = await send(key, 'POST', `/v1/galleries/${OWN}/people`, { name: 'Bo' });
    expect(made.status).toBe(201);
    const identified = await send(key, 'POST', `/v1/identify?gallery=${OWN}`, photo);
    expect(identified.json.faces).toHaveLength(1);
    expect((await send(key, 'GET', `${AZURE}/largepersongroups/${OWN}`)).json.largePersonGroupId).toBe(OWN);
  }
});

test('a key that takes its place is bound alike, and the list says to what', async () => {
  const { keys } = (await send(service.key, 'GET', '/v1/keys')).json;
  const first = keys.find((key: { galleries?: string[] }) => key.galleries);
  expect(first.galleries).toEqual([OWN]);
  const next = (await send(service.key, 'POST', `/v1/keys/${first.keyId}/rotate`)).json;
  expect((await send(next.key, 'GET', `/v1/galleries/${CLOSED}`)).status).toBe(404);
  expect((await send(next.key, 'GET', `/v1/galleries/${OWN}`)).status).toBe(200);
});

test('bounds that would leave nothing are refused', async () => {
  const refused = await send(service.key, 'POST', '/v1/keys', { label: 'x', permissions: ['search'], galleries: [] });
  expect(refused.status).toBe(400);
});

test('an older database doesn’t bring back a key that was revoked since', async () => {
  const store = await openSqliteStore({ path: ':memory:' });
  const older = await openSqliteStore({ path: ':memory:' });
  const key = {
    keyId: 'k1',
    tenantId: 'home',
    label: 'lost laptop',
    sha256: new Uint8Array(32).fill(7),
    permissions: ['search'] as const,
    createdMs: 1,
  };
  for (const each of [store, older]) await each.insertApiKey(key);
  await store.deleteApiKey('home', 'k1');
  const marks = (await store.erasuresToNote(10)).map(({ mark }) => mark);
  expect(marks).toHaveLength(1);
  await older.applyErasures(marks, Date.now());
  expect(await older.listApiKeys()).toEqual([]);
  await store.close();
  await older.close();
});
