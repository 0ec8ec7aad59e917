// Whatever is asked: no 500, no hang, no answer that isn't in the dialect's shape. Seeded; a failure is shrunk to its
// smallest.
import fc from 'fast-check';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeclaredRoute } from '../../src/server/access.ts';
import type { OpenApi } from '../support/answer-schemas.ts';
import { type AzureHttp, azureHttp, checkEnvelope } from '../support/azure-http.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { portraitOf } from '../support/photos.ts';
import { type FuzzedRequest, fuzzedRequests, type KnownValues } from '../support/request-fuzzer.ts';
import { startService, type TestService } from '../support/service.ts';

/** In all; the long run (`npm run test:fuzz`) asks for more. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 500);
const SEED = Number(process.env.FUZZ_SEED ?? 20_240_501);
const HANG_MS = 15_000;
const VERSIONS = ['v1.0', 'v1.0-preview', 'v1.1-preview.1', 'v1.2-preview.1', 'v1.2'];

const agent = new Agent({ headersTimeout: HANG_MS, bodyTimeout: HANG_MS });
let service: TestService;
let photos: Uint8Array[];

beforeAll(async () => {
  service = await startService();
  photos = [new Uint8Array(await portraitOf('ann')), new Uint8Array(await portraitOf('bob'))];
});
afterAll(() => service?.stop());

/** A few of everything, so that many requests come past "not found". */
async function fill(azure: AzureHttp): Promise<KnownValues> {
  const known: Record<string, string[]> = { dynamicPersonGroupId: ['d1'], objectId: ['g1', 'new'] };
  for (const [path, idName] of [
    ['/persongroups', 'personGroupId'],
    ['/largepersongroups', 'largePersonGroupId'],
    ['/facelists', 'faceListId'],
    ['/largefacelists', 'largeFaceListId'],
  ] as const) {
    known[idName] = ['g1', 'g2'];
    for (const id of known[idName]) await azure.call('PUT', `${path}/${id}`, { json: { name: id } });
  }
  const persons = '/largepersongroups/g1/persons';
  const person = await azure.call<{ personId: string }>('POST', persons, { json: { name: 'Ann' } });
  known.personId = [person.body.personId];
  const bytes = photos[0]!;
  const added = await azure.call<{ persistedFaceId: string }>(
    'POST',
    `${persons}/${person.body.personId}/persistedfaces`,
    { bytes },
  );
  known.persistedFaceId = [added.body.persistedFaceId];
  await azure.call('POST', '/largepersongroups/g1/train');
  const detected = await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes });
  for (const name of ['faceId', 'faceId1', 'faceId2', 'faceIds']) known[name] = [detected.body[0]!.faceId];
  known.personIds = [...known.personId, '*'];
  return known;
}

describe.each(VERSIONS)('%s', (version) => {
  test('answers every request by its contract', async () => {
    const azure = await azureHttp(service, version);
    const document = await (await fetch(`${service.url}/openapi/azure-${version}.json`)).json();
    const known = await fill(azure);
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(document as OpenApi, { known, photos }), async (request) => {
        const status = await exchange(request);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }),
      { seed: SEED, numRuns: Math.ceil(REQUESTS / VERSIONS.length) },
    );
    // A fuzzer that is only ever refused tests the refusals alone
    const answered = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0);
    expect(answered).toBeGreaterThan(REQUESTS / VERSIONS.length / 20);
  }, 1_800_000);
});

describe('/v1', () => {
  test('answers every request by its contract', async () => {
    const kith = kithHttp(service);
    const known = await fillKith(kith);
    const statuses = new Map<number, number>();
    const document = kithDocument(service.routes);
    expect(Object.keys(document.paths).length).toBeGreaterThan(25);
    await fc.assert(
      fc.asyncProperty(fuzzedRequests(document, { known, photos }), async (request) => {
        const { statusCode, headers, text } = await send(request);
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        expect(statusCode, text).toBeLessThan(500);
        if (statusCode < 400) return;
        const isRouted = String(headers['content-type']).startsWith('application/problem+json');
        expect(JSON.parse(text)).toMatchObject(
          isRouted ? { status: statusCode, code: expect.any(String), detail: expect.any(String) } : { error: {} },
        );
      }),
      { seed: SEED, numRuns: Math.ceil(REQUESTS / VERSIONS.length) },
    );
    const answered = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0);
    expect(answered).toBeGreaterThan(REQUESTS / VERSIONS.length / 20);
    expect((await kith.call('GET', '/status')).status).toBe(200);
  }, 1_800_000);
});

async function fillKith(kith: KithHttp): Promise<KnownValues> {
  const known: Record<string, string[]> = { galleryId: ['club', 'other'], gallery: ['club'] };
  for (const id of known.galleryId ?? [])
    await kith.call('PUT', `/galleries/${id}`, { keepPhotos: true, twoPersonRule: true });
  const people = '/galleries/club/people';
  known.personId = [];
  known.faceId = [];
  for (const [i, photo] of photos.entries()) {
    const { personId } = (await kith.call('POST', people, { name: `Person ${i}` })).body;
    known.personId.push(personId);
    known.faceId.push((await kith.call('POST', `${people}/${personId}/faces`, Buffer.from(photo))).body.faceId);
  }
  const probes = await Promise.all(
    photos.map((photo) => kith.call('POST', '/detect?keepForS=3600', Buffer.from(photo))),
  );
  known.probeId = probes.flatMap(({ body }) => body.faces.map((face: { probeId: string }) => face.probeId));
  known.probeIds = known.among = known.probeId;
  const ofFirst = `person=${known.personId[0]}&verdict=confirm`;
  const review = await kith.call('POST', `/galleries/club/reviews?${ofFirst}`, Buffer.from(photos[0] ?? []));
  known.reviewId = [review.body.reviewId];
  known.person = known.fromPersonId = known.intoPersonId = known.personId;
  return known;
}

/** What the routes say of themselves, as an OpenAPI document would. */
function kithDocument(routes: readonly DeclaredRoute[]): OpenApi {
  const paths: Record<string, Record<string, object>> = {};
  for (const { methods, url, schema = {} } of routes) {
    if (!url.startsWith('/v1/')) continue;
    const parametersIn = (place: string, object: unknown) =>
      Object.entries((object as { properties?: object } | undefined)?.properties ?? {}).map(([name, of]) => ({
        name,
        in: place,
        schema: of,
      }));
    const path = url.replace(/:(\w+)/g, '{$1}');
    for (const method of methods) {
      if (method === 'HEAD') continue;
      paths[path] = {
        ...paths[path],
        [method.toLowerCase()]: {
          parameters: [...parametersIn('path', schema.params), ...parametersIn('query', schema.querystring)],
          // A route without a body of its own that is posted to takes a photo
          ...(schema.body
            ? { requestBody: requestBodyOf(schema.body) }
            : method === 'POST'
              ? { requestBody: { content: { 'application/octet-stream': { schema: {} } } } }
              : {}),
        },
      };
    }
  }
  return { paths } as OpenApi;
}

/** Bodies that are no JSON say of what type they are. */
function requestBodyOf(schema: object): object {
  return 'content' in schema ? schema : { content: { 'application/json': { schema } } };
}

async function send({ method, path, contentType, body }: FuzzedRequest) {
  // Not by URL, which would tidy the path up
  const answer = await agent.request({
    origin: service.url,
    path,
    method: method as 'GET',
    headers: {
      'ocp-apim-subscription-key': service.key,
      authorization: `Bearer ${service.key}`,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(method === 'GET' || body === undefined ? {} : { body }),
  });
  return { statusCode: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

async function exchange(request: FuzzedRequest): Promise<number> {
  const { statusCode, headers, text } = await send(request);
  expect(statusCode).toBeLessThan(500);
  const parsed = text === '' ? undefined : JSON.parse(text);
  // A path that is no path is answered before a dialect is chosen
  if (statusCode === 400 && headers['apim-request-id'] === undefined) {
    expect(parsed).toEqual({ error: { code: '400', message: expect.any(String) } });
    return statusCode;
  }
  checkEnvelope(
    { status: statusCode, headers: { get: (name) => (headers[name] as string | undefined) ?? null } },
    parsed,
  );
  return statusCode;
}
