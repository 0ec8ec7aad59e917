// What a reviewer said of two who look alike, over the wire: kept, listed, taken back, and on record.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';

let service: TestService;
const ids: Record<'ann' | 'annElsewhere' | 'bob', string> = { ann: '', annElsewhere: '', bob: '' };

async function call(method: string, path: string, body?: Buffer | object, key = service.key) {
  const isPhoto = Buffer.isBuffer(body);
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
    },
    ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const inTwice = (rest: string) => `/galleries/twice/${rest}`;
const pair = (one: string, other: string) => inTwice(`dismissed-pairs/${one}/${other}`);
const found = async () => (await call('GET', inTwice('duplicates'))).body.pairs;
const dismissed = async () => (await call('GET', inTwice('dismissed-pairs'))).body;

beforeAll(async () => {
  service = await startService();
  await call('PUT', '/galleries/twice', {});
  for (const name of ['ann', 'annElsewhere', 'bob'] as const) {
    ids[name] = (await call('POST', inTwice('people'), { name })).body.personId;
    await call('POST', inTwice(`people/${ids[name]}/faces?minQuality=low`), await portraitOf(name));
  }
});
afterAll(() => service?.stop());

test('a pair is found until it is dismissed, and again once that is taken back; both may be said twice', async () => {
  expect(await found()).toHaveLength(1);
  expect(await dismissed()).toEqual({ pairs: [], total: 0 });
  for (const path of [pair(ids.annElsewhere, ids.ann), pair(ids.ann, ids.annElsewhere)]) {
    expect(await call('PUT', path)).toEqual({ status: 204, body: undefined });
  }
  expect(await found()).toEqual([]);
  const { pairs, total } = await dismissed();
  expect(total).toBe(1);
  expect(pairs).toEqual([
    {
      people: [
        { personId: ids.ann, name: 'ann', faceId: expect.any(String) },
        { personId: ids.annElsewhere, name: 'annElsewhere', faceId: expect.any(String) },
      ],
      keyId: expect.any(String),
      dismissedAt: expect.any(String),
    },
  ]);
  for (let times = 0; times < 2; times++) {
    expect(await call('DELETE', pair(ids.ann, ids.annElsewhere))).toEqual({ status: 204, body: undefined });
  }
  expect(await found()).toHaveLength(1);
  expect(await dismissed()).toEqual({ pairs: [], total: 0 });
});

test('who said it of whom is on record, and in what each of the two may ask for', async () => {
  await call('PUT', pair(ids.ann, ids.annElsewhere));
  const { keyId } = (await dismissed()).pairs[0];
  await call('DELETE', pair(ids.ann, ids.annElsewhere));
  const { records } = (await call('GET', '/audit?limit=20')).body;
  const deeds = records.filter(({ action }: { action: string }) => action.startsWith('duplicate-'));
  expect(deeds.slice(0, 4)).toMatchObject([
    { action: 'duplicate-restore', outcome: 'done', keyId },
    { action: 'duplicate-restore', outcome: 'begun' },
    { action: 'duplicate-dismiss', outcome: 'done', keyId },
    { action: 'duplicate-dismiss', outcome: 'begun' },
  ]);
  const ofAnn = (await call('GET', `/audit?action=duplicate-dismiss&personId=${ids.ann}`)).body.records;
  expect(ofAnn.length).toBeGreaterThan(0);
  await call('PUT', pair(ids.ann, ids.annElsewhere));
  const { body } = await call('GET', `/persons/${ids.ann}/record`);
  expect(body.held[0].apart).toEqual([{ at: expect.any(String), keyId }]);
  // Whom else it is about is another's business
  expect(JSON.stringify(body)).not.toContain(ids.annElsewhere);
  await call('DELETE', pair(ids.ann, ids.annElsewhere));
});

test('two whom nobody knows here, or who are one, are refused in words, and only for those who may review', async () => {
  const { personId: elsewhere } = (await call('PUT', '/galleries/other', {})) && {
    ...(await call('POST', '/galleries/other/people', { name: 'Eve' })).body,
  };
  for (const method of ['PUT', 'DELETE']) {
    expect(await call(method, pair(ids.ann, ids.ann))).toMatchObject({
      status: 400,
      body: { code: 'personId-out-of-range', detail: 'It takes two different people.' },
    });
    for (const unknown of [NOBODY, elsewhere, 'no-id', '%00', 'x'.repeat(65)]) {
      for (const path of [pair(ids.ann, unknown), pair(unknown, ids.ann)]) {
        const { status, body } = await call(method, path);
        expect([400, 404], `${method} ${path}`).toContain(status);
        if (status === 404) expect(body.code).toBe('person-not-found');
      }
    }
    expect(await call(method, `/galleries/nowhere/dismissed-pairs/${ids.ann}/${ids.bob}`)).toMatchObject({
      status: 404,
      body: { code: 'gallery-not-found' },
    });
  }
  for (const query of ['limit=0', 'limit=1001', 'after=-1', 'after=x']) {
    expect((await call('GET', inTwice(`dismissed-pairs?${query}`))).status, query).toBe(400);
  }
  const mayNot = await service.deps.keys.create({ tenantId: 'home', label: 'desk', permissions: ['search', 'enrol'] });
  const may = await service.deps.keys.create({ tenantId: 'home', label: 'reviewer', permissions: ['review'] });
  const calls = [
    ['PUT', pair(ids.ann, ids.bob), 204],
    ['GET', inTwice('dismissed-pairs'), 200],
    ['DELETE', pair(ids.ann, ids.bob), 204],
  ] as const;
  for (const [method, path, status] of calls) {
    expect((await call(method, path, undefined, mayNot.key)).status).toBe(403);
    expect((await call(method, path, undefined, may.key)).status).toBe(status);
  }
  expect(await dismissed()).toEqual({ pairs: [], total: 0 });
});

test('many at once are one, and pages show each once', async () => {
  const pairs = [
    [ids.ann, ids.bob],
    [ids.ann, ids.annElsewhere],
    [ids.bob, ids.annElsewhere],
  ] as const;
  const all = await Promise.all(
    [...pairs, ...pairs, ...pairs].map(([one, other], i) =>
      call('PUT', i % 2 === 0 ? pair(one, other) : pair(other, one)),
    ),
  );
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 204));
  const seen: string[] = [];
  for (let next: number | undefined | '' = ''; next !== undefined; ) {
    const { body } = await call('GET', inTwice(`dismissed-pairs?limit=2${next === '' ? '' : `&after=${next}`}`));
    expect(body.total).toBe(3);
    for (const { people } of body.pairs) seen.push(people.map(({ name }: { name: string }) => name).join());
    next = body.next;
  }
  expect(seen.sort()).toEqual(['ann,annElsewhere', 'ann,bob', 'annElsewhere,bob']);
  for (const [one, other] of pairs) await call('DELETE', pair(one, other));
});

test('what was said of one who is merged holds for the one that is left, and goes when they are erased', async () => {
  await call('PUT', pair(ids.annElsewhere, ids.ann));
  const { mergeId } = (await call('POST', inTwice(`people/${ids.bob}/merge`), { from: ids.annElsewhere })).body;
  // Bob has her face now, which is as close to Ann's as ever
  expect(await found()).toEqual([]);
  expect((await dismissed()).pairs[0].people.map(({ name }: { name: string }) => name)).toEqual(['ann', 'bob']);
  await call('POST', inTwice(`merges/${mergeId}/undo`));
  expect((await dismissed()).pairs[0].people.map(({ name }: { name: string }) => name)).toEqual([
    'ann',
    'annElsewhere',
  ]);
  expect(await found()).toEqual([]);
  expect((await call('DELETE', inTwice(`people/${ids.annElsewhere}`))).status).toBe(200);
  expect(await dismissed()).toEqual({ pairs: [], total: 0 });
});
