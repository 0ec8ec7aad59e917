// A tenant is an island: every route, with the ids of another tenant's things, answers as if there were none, and changes
// nothing. The list of routes is the router's own, so a new one is tried as well.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

/** In every name and user data of the tenant that is looked into. */
const CANARY = 'canary of the first tenant';
const CONTAINER = 'club';
const AZURE = '/face/v1.2';
/** The person directory and snapshots were in these only. */
const PREVIEW = '/face/v1.2-preview.1';
const OLD = '/face/v1.0';
const DOORS = ['/v1/', '/metrics', `${AZURE}/`, `${PREVIEW}/`, `${OLD}/`];

let service: TestService;
let otherKey: string;
let photo: Buffer;

/** Ids of the first tenant's things, by where their routes begin, version aside. */
interface Ids {
  readonly personId: string;
  readonly faceId: string;
}
const large: { current?: Ids & { readonly twinId: string; readonly mergeId: string } } = {};
const ids: Record<string, Ids> = {};
const other: Record<string, string> = {};
/** Where its record stands in the log that all tenants share. */
let erased: { readonly chain: string; readonly seq: number };

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
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined, headers: response.headers };
}

async function make(method: string, url: string, body?: object | Buffer) {
  const answer = await send(service.key, method, url, body);
  expect(answer.status, `${method} ${url}: ${answer.text}`).toBeLessThan(300);
  return { ...answer.json, location: answer.headers.get('operation-location') ?? '' };
}

beforeAll(async () => {
  service = await startService();
  otherKey = (await service.deps.keys.create({ tenantId: 'elsewhere', label: 'other', permissions: ['admin'] })).key;
  photo = await portraitOf('ann');
  const named = { name: CANARY, userData: CANARY };

  await make('PUT', `/v1/galleries/${CONTAINER}`, {
    ...named,
    keepPhotos: true,
    purpose: CANARY,
    twoPersonRule: true,
  });
  const enrol = async (who: 'ann' | 'bob' | 'cleo') => {
    const { personId } = await make('POST', `/v1/galleries/${CONTAINER}/people`, named);
    const { faceId } = await make(
      'POST',
      `/v1/galleries/${CONTAINER}/people/${personId}/faces?minQuality=low`,
      await portraitOf(who),
    );
    return { personId, faceId };
  };
  const [ann, bob, cleo] = [await enrol('ann'), await enrol('bob'), await enrol('cleo')];
  await make('PUT', `/v1/galleries/${CONTAINER}/people/${ann.personId}/consent`, {
    givenBy: CANARY,
    method: 'on paper',
    textHash: 'ab'.repeat(32),
    until: new Date(Date.now() + 86_400_000).toISOString(),
  });
  const { mergeId } = await make('POST', `/v1/galleries/${CONTAINER}/people/${bob.personId}/merge`, {
    from: cleo.personId,
  });
  const review = await make(
    'POST',
    `/v1/galleries/${CONTAINER}/reviews?person=${ann.personId}&verdict=confirm`,
    await portraitOf('annElsewhere'),
  );
  expect(review.state).toBe('open');
  other.reviewId = review.reviewId;
  await make('PUT', `/v1/galleries/${CONTAINER}/dismissed-pairs/${ann.personId}/${bob.personId}`);
  large.current = { ...ann, twinId: bob.personId, mergeId };
  ids['/v1'] = ann;
  ids['/largepersongroups'] = ann;
  await make('POST', `${AZURE}/largepersongroups/${CONTAINER}/train`);

  await make('PUT', `${AZURE}/persongroups/${CONTAINER}`, named);
  const { personId } = await make('POST', `${AZURE}/persongroups/${CONTAINER}/persons`, named);
  const { persistedFaceId } = await make(
    'POST',
    `${AZURE}/persongroups/${CONTAINER}/persons/${personId}/persistedfaces`,
    photo,
  );
  ids['/persongroups'] = { personId, faceId: persistedFaceId };

  for (const lists of ['facelists', 'largefacelists']) {
    await make('PUT', `${AZURE}/${lists}/${CONTAINER}`, named);
    const added = await make('POST', `${AZURE}/${lists}/${CONTAINER}/persistedfaces`, photo);
    ids[`/${lists}`] = { personId, faceId: added.persistedFaceId };
  }
  const inDirectory = await make('POST', `${PREVIEW}/persons`, named);
  const faces = `${PREVIEW}/persons/${inDirectory.personId}/recognitionModels/recognition_04/persistedfaces`;
  const inDirectoryFace = await make('POST', `${faces}?detectionModel=detection_03`, photo);
  ids['/persons'] = { personId: inDirectory.personId, faceId: inDirectoryFace.persistedFaceId };
  const group = await make('PUT', `${PREVIEW}/dynamicpersongroups/${CONTAINER}`, {
    ...named,
    addPersonIds: [inDirectory.personId],
  });
  other.operationId = group.location.split('/').at(-1) ?? '';
  const snapshot = await make('POST', `${OLD}/snapshots`, {
    type: 'LargePersonGroup',
    objectId: CONTAINER,
    applyScope: ['00000000-0000-0000-0000-000000000000'],
    userData: CANARY,
  });
  const taken = await make('GET', `${OLD}/operations/${snapshot.location.split('/').at(-1)}`);
  other.snapshotId = taken.resourceLocation?.split('/').at(-1) ?? '';
  const session = await make('POST', `${AZURE}/detectLiveness-sessions`, {
    livenessOperationMode: 'Passive',
    deviceCorrelationId: 'a-device',
    deviceCorrelationIdSetInClient: false,
  });
  other.sessionId = session.sessionId;
  const detected = await send(
    service.key,
    'POST',
    `${AZURE}/detect?returnFaceId=true&recognitionModel=recognition_04`,
    photo,
  );
  other.probeId = detected.json[0].faceId;
  const leaving = await make('POST', `/v1/galleries/${CONTAINER}/people`, named);
  const { receipt } = await make('DELETE', `/v1/galleries/${CONTAINER}/people/${leaving.personId}`);
  other.leftId = leaving.personId;
  erased = receipt.record;
  other.keyId = (await make('GET', '/v1/keys')).keys[0].keyId;
});
afterAll(() => service?.stop());

const routes = () =>
  service.routes
    .filter(({ url, permission }) => permission !== 'public' && DOORS.some((door) => url.startsWith(door)))
    .flatMap(({ methods, url }) => methods.filter((method) => method !== 'HEAD').map((method) => ({ method, url })));

/** With the first tenant's ids in it. */
function filled(url: string): string {
  const path = url.replace(/^\/face\/[^/]+/, '');
  const own = Object.entries(ids).find(([prefix]) => path.startsWith(prefix))?.[1];
  const wanted: Readonly<Record<string, string>> = {
    imports: `?person=Ann&sourceHash=${'ab'.repeat(32)}`,
    reviews: `?person=${own?.personId}&verdict=confirm`,
  };
  const query = wanted[url.split('/').at(-1) ?? ''] ?? '';
  return (
    url.replace(/:(\w+)/g, (_, name: string) => {
      if (name === 'personId') return own?.personId ?? 'none';
      if (name === 'faceId' || name === 'persistedFaceId') return own?.faceId ?? 'none';
      if (name === 'otherId') return large.current?.twinId ?? 'none';
      if (name === 'mergeId') return large.current?.mergeId ?? 'none';
      if (name === 'recognitionModel') return 'recognition_04';
      if (name === 'chain') return erased.chain;
      if (name === 'seq') return String(erased.seq);
      return other[name] ?? CONTAINER;
    }) + query
  );
}

/** What would be done to the thing, were it there. */
function bodyFor(method: string, url: string): object | Buffer | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (/(persistedfaces|\/faces|\/imports)$/.test(url) && method === 'POST') return photo;
  if (/\/(identify|reviews)$/.test(url) && url.startsWith('/v1')) return photo;
  const probe = other.probeId ?? '';
  const bodies: readonly (readonly [RegExp, object])[] = [
    [/\/v1\/keys$/, { label: 'theirs', permissions: ['search'] }],
    [/\/consent$/, { givenBy: 'them', method: 'on paper', textHash: 'cd'.repeat(32) }],
    [/\/merge$/, { from: large.current?.twinId }],
    [/\/move$/, { to: large.current?.twinId }],
    [/\/verdicts$/, { verdict: 'confirm' }],
    [/\/identify$/, { faceIds: [probe], largePersonGroupId: CONTAINER }],
    [/\/v1\/group$/, { probeIds: [probe] }],
    [/\/v1\/similar$/, { probeId: probe, among: [probe] }],
    [/\/similar$/, { probeId: probe }],
    [/\/verify$/, { faceId: probe, personId: ids['/v1']?.personId, largePersonGroupId: CONTAINER }],
    [/\/findsimilars$/, { faceId: probe, largeFaceListId: CONTAINER }],
    [/\/group$/, { faceIds: [probe, ids['/v1']?.faceId] }],
    [/\/detect$/, photo],
    [
      /\/snapshots$/,
      { type: 'LargePersonGroup', objectId: CONTAINER, applyScope: ['00000000-0000-0000-0000-000000000000'] },
    ],
    [/\/apply$/, { objectId: 'stolen' }],
    [/\/snapshots\/:snapshotId$/, { userData: 'stolen' }],
    [
      /iveness-sessions$/,
      { livenessOperationMode: 'Passive', deviceCorrelationId: 'theirs', deviceCorrelationIdSetInClient: false },
    ],
    [/\/persistedfaces\/:persistedFaceId$/, { userData: 'stolen' }],
    [/\/(train|undo|rotate|retention|duplicates)$/, {}],
  ];
  return bodies.find(([pattern]) => pattern.test(url))?.[1] ?? { name: 'stolen' };
}

/** Everything the first tenant can see of itself. */
async function everything(): Promise<string> {
  const seen: string[] = [];
  for (const { method, url } of routes()) {
    // Numbers that move by themselves
    if (method !== 'GET' || /\/(metrics|status|audit|record|duplicates|receipt)(\/|$)/.test(url)) continue;
    const { status, text } = await send(service.key, method, filled(url));
    seen.push(`${url} ${status} ${text}`);
  }
  return seen.join('\n');
}

const MAKES_ITS_OWN = /\/(\w*persongroups|\w*facelists|galleries)\/:\w+$/;

test('another tenant’s ids are nobody’s on every route, and nothing of them changes', async () => {
  const before = await everything();
  // Or nothing would be proven: the first tenant does find what the other is to miss
  expect(before.split(CANARY).length).toBeGreaterThan(30);
  const secrets = [
    CANARY,
    ...Object.values(ids).flatMap(({ personId, faceId }) => [personId, faceId]),
    ...Object.values(other),
  ];

  const tried = routes();
  expect(tried.length).toBeGreaterThan(110);
  for (const { method, url } of tried) {
    // An id is free for everybody: making one's own says nothing of another's. Tried last
    if (method === 'PUT' && MAKES_ITS_OWN.test(url)) continue;
    const { status, text } = await send(otherKey, method, filled(url), bodyFor(method, url));
    const what = `${method} ${url}: ${status} ${text.slice(0, 300)}`;
    expect(status, what).toBeLessThan(500);
    expect(status, what).not.toBe(401);
    if (url.includes(':')) expect(status, what).toBeGreaterThanOrEqual(400);
    // What was asked for may be said back in a refusal; what is known of it may not
    // (and the log has what was asked for: it is the asker's own)
    const known = status < 400 && url !== '/v1/audit' ? secrets : [CANARY];
    expect(
      known.filter((secret) => text.includes(secret)),
      what,
    ).toEqual([]);
  }
  for (const { method, url } of tried.filter(({ method, url }) => method === 'PUT' && MAKES_ITS_OWN.test(url))) {
    await send(otherKey, method, filled(url), bodyFor(method, url));
  }
  expect(await everything()).toBe(before);
});
