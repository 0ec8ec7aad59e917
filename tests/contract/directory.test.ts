// The person directory and dynamic person groups, driven by the client that knows them, its poller included.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLongRunningPoller } from 'azure-face-preview-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { previewClient } from '../support/azure-clients.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { startSecureService, startService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const MODEL = 'recognition_04';
const HOUR_MS = 3_600_000;

type Person = { personId: string };

let service: TestService;
let azure: AzureHttp;

beforeAll(async () => {
  service = await startService();
  azure = await azureHttp(service, 'v1.1-preview.1');
});
afterAll(() => service?.stop());

async function createPerson(name: string): Promise<string> {
  const created = await azure.call<Person>('POST', '/persons', { json: { name } });
  expect(created.status).toBe(202);
  return created.body.personId;
}

const facesOf = (personId: string, model = MODEL) => `/persons/${personId}/recognitionModels/${model}/persistedfaces`;

async function addFace(personId: string, face: FaceName, model = MODEL): Promise<string> {
  const bytes = await portraitOf(face);
  const added = await azure.call<{ persistedFaceId: string }>('POST', facesOf(personId, model), { bytes });
  expect(added.status).toBe(202);
  return added.body.persistedFaceId;
}

async function detect(face: FaceName, model = MODEL): Promise<string> {
  const bytes = await portraitOf(face);
  const found = await azure.call<{ faceId: string }[]>('POST', '/detect', {
    bytes,
    query: { recognitionModel: model },
  });
  expect(found.body).toHaveLength(1);
  return found.body[0]!.faceId;
}

async function candidates(faceId: string, scope: object): Promise<string[]> {
  const found = await azure.call<{ candidates: Person[] }[]>('POST', '/identify', {
    json: { faceIds: [faceId], ...scope },
  });
  expect(found.status).toBe(200);
  return found.body[0]!.candidates.map(({ personId }) => personId);
}

test("the client's pollers finish on every asynchronous operation", async () => {
  const { service: secure, ca } = await startSecureService({ engine: service.deps.engine });
  try {
    const client = previewClient({ ...secure, ca });
    const finish = async (initial: { status: string; headers: object }) => {
      expect(initial.status).toBe('202');
      expect(initial.headers).toMatchObject({
        'operation-location': expect.stringMatching(/^https:\/\/127\.0\.0\.1:/),
      });
      // The poller's types name the trainings only; it follows any Operation-Location.
      const poller = await getLongRunningPoller(client, initial as never, { intervalInMs: 50 });
      const result = await poller.pollUntilDone();
      expect(poller.getOperationState().status).toBe('succeeded');
      return (result as { body: unknown }).body;
    };
    const created = await client.path('/persons').post({ body: { name: 'Ann', userData: 'a & é' } });
    const { personId } = created.body as Person;
    // At the end the poller gets what the Location says
    expect(await finish(created)).toEqual({ personId, name: 'Ann', userData: 'a & é' });

    const added = await client
      .path('/persons/{personId}/recognitionModels/{recognitionModel}/persistedfaces', personId, MODEL)
      .post({
        contentType: 'application/octet-stream',
        body: await portraitOf('ann'),
        queryParameters: { detectionModel: 'detection_03', userData: 'first' },
      });
    const { persistedFaceId } = added.body as { persistedFaceId: string };
    expect(await finish(added)).toEqual({ persistedFaceId, userData: 'first' });

    const grouped = await client
      .path('/dynamicpersongroups/{dynamicPersonGroupId}', 'family')
      .put({ body: { name: 'Family', addPersonIds: [personId] } });
    expect(await finish(grouped)).toEqual({ dynamicPersonGroupId: 'family', name: 'Family' });

    const changed = await client
      .path('/dynamicpersongroups/{dynamicPersonGroupId}', 'family')
      .patch({ body: { removePersonIds: [personId] } });
    await finish(changed);
    await finish(await client.path('/dynamicpersongroups/{dynamicPersonGroupId}', 'family').delete());
    await finish(
      await client
        .path(
          '/persons/{personId}/recognitionModels/{recognitionModel}/persistedfaces/{persistedFaceId}',
          personId,
          MODEL,
          persistedFaceId,
        )
        .delete(),
    );
    await finish(await client.path('/persons/{personId}', personId).delete());
    expect((await client.path('/persons').get()).body).toEqual([]);
  } finally {
    await secure.stop();
  }
});

describe('a person of the directory', () => {
  test('is found among all, among some, and in every group they are in; without training', async () => {
    const ann = await createPerson('Ann');
    const bob = await createPerson('Bob');
    await addFace(ann, 'ann');
    await addFace(bob, 'bob');
    for (const [id, addPersonIds] of [
      ['both', [ann, bob]],
      ['bobs', [bob]],
    ] as const) {
      const created = await azure.call('PUT', `/dynamicpersongroups/${id}`, { json: { name: id, addPersonIds } });
      expect(created.status).toBe(202);
    }
    const faceId = await detect('annElsewhere');
    expect(await candidates(faceId, { personIds: ['*'] })).toEqual([ann]);
    expect(await candidates(faceId, { personIds: [ann] })).toEqual([ann]);
    expect(await candidates(faceId, { personIds: [bob] })).toEqual([]);
    expect(await candidates(faceId, { dynamicPersonGroupId: 'both' })).toEqual([ann]);
    expect(await candidates(faceId, { dynamicPersonGroupId: 'bobs' })).toEqual([]);

    const verify = (personId: string) => azure.call('POST', '/verify', { json: { faceId, personId } });
    expect((await verify(ann)).body).toMatchObject({ isIdentical: true });
    expect((await verify(bob)).body).toMatchObject({ isIdentical: false });

    const references = `/persons/${bob}/dynamicPersonGroupReferences`;
    expect((await azure.call('GET', references)).body).toEqual({ dynamicPersonGroupIds: ['bobs', 'both'] });
    const next = await azure.call('GET', references, { query: { start: 'bobs', top: 1 } });
    expect(next.body).toEqual({ dynamicPersonGroupIds: ['both'] });
    const inBoth = await azure.call('GET', '/dynamicpersongroups/both/persons');
    expect(inBoth.body).toEqual({ personIds: [ann, bob].sort() });

    expect((await azure.call('DELETE', `/persons/${ann}`)).status).toBe(202);
    expect(await candidates(faceId, { personIds: ['*'] })).toEqual([]);
    expect(await candidates(faceId, { dynamicPersonGroupId: 'both' })).toEqual([]);
    expect((await azure.call('GET', '/dynamicpersongroups/both/persons')).body).toEqual({ personIds: [bob] });
  });

  test('has faces of several models, each searched with its own', async () => {
    const personId = await createPerson('Cleo');
    await addFace(personId, 'cleo', 'recognition_03');
    expect((await azure.call('GET', facesOf(personId, 'recognition_03'))).body).toMatchObject({ personId });
    expect((await azure.call('GET', facesOf(personId))).body).toEqual({ personId, persistedFaceIds: [] });
    expect(await candidates(await detect('cleo', 'recognition_03'), { personIds: [personId] })).toEqual([personId]);
    const other = await detect('cleo');
    expect(await candidates(other, { personIds: [personId] })).toEqual([]);
    expect(await azure.call('POST', '/verify', { json: { faceId: other, personId } })).toMatchObject({
      status: 404,
      error: 'PersistedFaceNotFound: No persisted face of the person is found.',
    });
  });

  test('and their faces can be read, changed and deleted', async () => {
    const personId = await createPerson('Dan');
    const first = await addFace(personId, 'dan');
    const second = await addFace(personId, 'dan');
    const face = `${facesOf(personId)}/${second}`;
    expect((await azure.call('GET', facesOf(personId))).body).toEqual({ personId, persistedFaceIds: [first, second] });
    expect((await azure.call('GET', face)).body).toEqual({ persistedFaceId: second });
    expect((await azure.call('PATCH', face, { json: { userData: 'second' } })).status).toBe(200);
    expect((await azure.call('GET', face)).body).toEqual({ persistedFaceId: second, userData: 'second' });
    expect((await azure.call('DELETE', face)).status).toBe(202);
    expect((await azure.call('GET', face)).error).toBe(
      `PersistedFaceNotFound: Persisted face \`${second}\` is not found.`,
    );
    expect((await azure.call('PATCH', `/persons/${personId}`, { json: { userData: 'd' } })).status).toBe(200);
    expect((await azure.call('GET', `/persons/${personId}`)).body).toEqual({ personId, name: 'Dan', userData: 'd' });
    const page = await azure.call<Person[]>('GET', '/persons', { query: { top: 1 } });
    const rest = await azure.call<Person[]>('GET', '/persons', { query: { start: page.body[0]!.personId } });
    const all = await azure.call<Person[]>('GET', '/persons');
    expect([...page.body, ...rest.body]).toEqual(all.body);
    expect(all.body.map((person) => person.personId)).toEqual(all.body.map((person) => person.personId).sort());
  });

  test.each([
    ['GET', `/persons/${UNKNOWN_ID}`, {}, 404, `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`],
    ['GET', '/persons/me', {}, 404, 'PersonNotFound: Person ID is invalid.'],
    ['DELETE', `/persons/${UNKNOWN_ID}`, {}, 404, `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`],
    ['GET', '/persons?start=abc', {}, 400, "BadArgument: 'start' is not valid person ID."],
    ['GET', '/persons?top=0', {}, 400, "BadArgument: 'top' is invalid."],
    ['POST', '/persons', { json: {} }, 400, "BadArgument: 'name' is empty."],
    ['GET', facesOf(UNKNOWN_ID), {}, 404, `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`],
    [
      'GET',
      facesOf(UNKNOWN_ID, 'recognition_01'),
      {},
      400,
      'BadArgument: Recognition model is not supported for this feature.',
    ],
    ['GET', `/operations/${UNKNOWN_ID}`, {}, 404, `OperationNotFound: Operation \`${UNKNOWN_ID}\` is not found.`],
  ])('%s %s %j: %i %s', async (method, path, options, status, error) => {
    expect(await azure.call(method, path, options)).toMatchObject({ status, error });
  });
});

describe('a dynamic person group', () => {
  test('can be made, changed, listed and deleted; its persons stay', async () => {
    const personId = await createPerson('Eve');
    const path = '/dynamicpersongroups/group_1';
    expect((await azure.call('PUT', path, { json: { name: 'One', userData: 'u' } })).status).toBe(200);
    const again = await azure.call('PUT', path, { json: { name: 'One' } });
    expect(again.status).toBe(409);
    expect(again.error).toMatch(/^DynamicPersonGroupExists: /);
    expect((await azure.call('PATCH', path, { json: { name: 'First' } })).status).toBe(200);
    expect((await azure.call('PATCH', path, { json: { addPersonIds: [personId] } })).status).toBe(202);
    expect((await azure.call('GET', path)).body).toEqual({
      dynamicPersonGroupId: 'group_1',
      name: 'First',
      userData: 'u',
    });
    const listed = await azure.call<object[]>('GET', '/dynamicpersongroups', { query: { start: 'group_0', top: 1 } });
    expect(listed.body).toMatchObject([{ dynamicPersonGroupId: 'group_1' }]);
    expect((await azure.call('DELETE', path)).status).toBe(202);
    expect((await azure.call('GET', path)).error).toMatch(/^DynamicPersonGroupNotFound: /);
    expect((await azure.call('GET', `/persons/${personId}`)).status).toBe(200);
  });

  test('with a person nobody knows is not made', async () => {
    const json = { name: 'n', addPersonIds: [UNKNOWN_ID] };
    const created = await azure.call('PUT', '/dynamicpersongroups/ghosts', { json });
    expect(created).toMatchObject({ status: 404, error: `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.` });
    expect((await azure.call('GET', '/dynamicpersongroups/ghosts')).status).toBe(404);
  });

  test.each([
    ['PUT', '/dynamicpersongroups/UPPER', { name: 'n' }, 400, 'BadArgument: Dynamic person group ID is invalid.'],
    [
      'PATCH',
      '/dynamicpersongroups/UPPER',
      { name: 'n' },
      404,
      'DynamicPersonGroupNotFound: Dynamic person group ID is invalid.',
    ],
    [
      'PATCH',
      '/dynamicpersongroups/none',
      { name: 'n' },
      404,
      'DynamicPersonGroupNotFound: Dynamic person group is not found.',
    ],
    ['PUT', '/dynamicpersongroups/bad', { name: 'n', addPersonIds: ['x'] }, 400, 'BadArgument: Person ID is invalid.'],
  ])('%s %s %j: %i %s', async (method, path, json, status, error) => {
    expect(await azure.call(method, path, { json })).toMatchObject({ status, error });
  });

  test('that is changed by nothing says so', async () => {
    await azure.call('PUT', '/dynamicpersongroups/still', { json: { name: 'n' } });
    const error = "BadArgument: Both 'name' and 'userData' are empty.";
    expect(await azure.call('PATCH', '/dynamicpersongroups/still', { json: {} })).toMatchObject({ status: 400, error });
  });

  test('named in a body and not there is a bad request', async () => {
    const json = { faceIds: [await detect('bob')], dynamicPersonGroupId: 'none' };
    expect(await azure.call('POST', '/identify', { json })).toMatchObject({
      status: 400,
      error: 'DynamicPersonGroupNotFound: Dynamic person group is not found.',
    });
  });
});

test('how an operation went can be asked for 48 hours, over a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kith-test-'));
  let nowMs = Date.now();
  const options = {
    engine: service.deps.engine,
    storePath: join(dir, 'kith.db'),
    masterKey: randomBytes(32),
    clock: { nowMs: () => nowMs },
  };
  try {
    const before = await startService(options);
    const created = await (await azureHttp(before, 'v1.0-preview')).call('POST', '/persons', { json: { name: 'Ann' } });
    const operation = new URL(created.headers.get('operation-location')!).pathname.replace(
      /^.*\/operations/,
      '/operations',
    );
    await before.stop();

    const after = await startService(options);
    try {
      const again = await azureHttp(after, 'v1.0-preview');
      nowMs += 47 * HOUR_MS;
      expect((await again.call('GET', operation)).body).toMatchObject({ status: 'succeeded' });
      nowMs += 2 * HOUR_MS;
      expect((await again.call('GET', operation)).status).toBe(404);
    } finally {
      await after.stop();
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});
