// Person groups and face lists, each in two sizes: one contract told four times, where it differs said so.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AzureAnswer, type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

const CONTAINERS = [
  { path: '/persongroups', idName: 'personGroupId', code: 'PersonGroup', label: 'Person group' },
  { path: '/largepersongroups', idName: 'largePersonGroupId', code: 'LargePersonGroup', label: 'Large person group' },
  { path: '/facelists', idName: 'faceListId', code: 'FaceList', label: 'Face list' },
  { path: '/largefacelists', idName: 'largeFaceListId', code: 'LargeFaceList', label: 'Large face list' },
] as const;
const PERSON_CONTAINERS = CONTAINERS.slice(0, 2);
const FACE_CONTAINERS = CONTAINERS.slice(2);
const TRAINED_CONTAINERS = CONTAINERS.filter(({ code }) => code !== 'FaceList');

let service: TestService;
let azure: AzureHttp;

beforeAll(async () => {
  service = await startService();
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

async function create(path: string, id: string, members: object = {}): Promise<string> {
  const created = await azure.call('PUT', `${path}/${id}`, { json: { name: id, ...members } });
  expect(created.status).toBe(200);
  return `${path}/${id}`;
}

async function addFace(path: string, face: FaceName, query: Record<string, string> = {}): Promise<string> {
  const added = await azure.call<{ persistedFaceId: string }>('POST', `${path}/persistedfaces`, {
    bytes: await portraitOf(face),
    query,
  });
  expect(added.status).toBe(200);
  return added.body.persistedFaceId;
}

async function addPerson(path: string, name: string): Promise<string> {
  const added = await azure.call<{ personId: string }>('POST', `${path}/persons`, { json: { name } });
  expect(added.status).toBe(200);
  return added.body.personId;
}

function is(answer: AzureAnswer<unknown>, status: number, error: string): void {
  expect(`${answer.status} ${answer.error}`).toBe(`${status} ${error}`);
}

describe.each(CONTAINERS)('$label', ({ path, idName, code, label }) => {
  test('is created once, read, changed and deleted', async () => {
    const one = await create(path, 'one', { userData: 'u', recognitionModel: 'recognition_03' });
    const again = await azure.call('PUT', one, { json: { name: 'other' } });
    is(again, 409, `${code}Exists: ${label} \`one\` already exists.`);

    const faces = code === 'FaceList' ? { persistedFaces: [] } : {};
    expect((await azure.call('GET', one)).body).toEqual({ [idName]: 'one', name: 'one', userData: 'u', ...faces });
    const withModel = await azure.call('GET', one, { query: { returnRecognitionModel: true } });
    expect(withModel.body).toMatchObject({ recognitionModel: 'recognition_03' });

    expect((await azure.call('PATCH', one, { json: { userData: 'changed' } })).status).toBe(200);
    expect((await azure.call('PATCH', one, { json: { name: 'renamed' } })).status).toBe(200);
    expect((await azure.call('GET', one)).body).toMatchObject({ name: 'renamed', userData: 'changed' });
    is(await azure.call('PATCH', one, { json: {} }), 400, "BadArgument: Both 'name' and 'userData' are empty.");
    is(await azure.call('PATCH', one, { json: { name: 'n'.repeat(129) } }), 400, "BadArgument: 'name' is too long.");

    expect((await azure.call('DELETE', one)).status).toBe(200);
    for (const method of ['GET', 'DELETE']) {
      is(await azure.call(method, one), 404, `${code}NotFound: ${label} is not found.`);
    }
    is(await azure.call('PATCH', one, { json: { name: 'n' } }), 404, `${code}NotFound: ${label} is not found.`);
  });

  test('leaves out what it was not given, and takes recognition_01 when none is named', async () => {
    const plain = await create(path, 'plain');
    const got = await azure.call('GET', plain, { query: { returnRecognitionModel: true } });
    expect(got.body).toMatchObject({ [idName]: 'plain', name: 'plain', recognitionModel: 'recognition_01' });
    expect(Object.keys(got.body)).not.toContain('userData');
  });

  test('is listed by id, in ordinal order', async () => {
    for (const id of ['b-2', 'b_1', 'b0', 'b10']) await create(path, id);
    const listed = await azure.call<Record<string, string>[]>('GET', path, { query: { returnRecognitionModel: true } });
    const ids = listed.body.map((item) => item[idName]).filter((id) => /^b[-_01]/.test(id!));
    expect(ids).toEqual(['b-2', 'b0', 'b10', 'b_1']);
    expect(Object.keys(listed.body[0]!)).not.toContain('persistedFaces');
  });

  if (code !== 'FaceList') {
    test('is listed by pages that begin after an id', async () => {
      for (const id of ['p1', 'p2', 'p3']) await create(path, id);
      const page = await azure.call<Record<string, string>[]>('GET', path, { query: { start: 'p1', top: 2 } });
      expect(page.body.map((item) => item[idName])).toEqual(['p2', 'p3']);
      const between = await azure.call<Record<string, string>[]>('GET', path, { query: { start: 'p15', top: 1 } });
      expect(between.body.map((item) => item[idName])).toEqual(['p2']);
    });
  }
});

test('there are at most 64 face lists', async () => {
  const { body } = await azure.call<object[]>('GET', '/facelists');
  for (let i = body.length; i < 64; i++) await create('/facelists', `filler${i}`);
  const refused = await azure.call('PUT', '/facelists/one-more', { json: { name: 'n' } });
  expect(refused.status).toBe(403);
  expect(refused.error).toMatch(/^QuotaExceeded: /);
  for (let i = body.length; i < 64; i++) await azure.call('DELETE', `/facelists/filler${i}`);
});

describe.each(PERSON_CONTAINERS)('persons of a $label', ({ path, code }) => {
  test('are made, read, changed, paged and deleted', async () => {
    const group = await create(path, 'persons');
    const ids = [await addPerson(group, 'Ann'), await addPerson(group, 'Bob'), await addPerson(group, 'Cleo')].sort();
    const [first] = ids;
    expect((await azure.call('PATCH', `${group}/persons/${first}`, { json: { userData: 'u' } })).status).toBe(200);
    expect((await azure.call('PATCH', `${group}/persons/${first}`, { json: { name: 'Zed' } })).status).toBe(200);
    expect((await azure.call('GET', `${group}/persons/${first}`)).body).toEqual({
      personId: first,
      persistedFaceIds: [],
      name: 'Zed',
      userData: 'u',
    });
    const page = await azure.call<{ personId: string }[]>('GET', `${group}/persons`, {
      query: { start: first!, top: 1 },
    });
    expect(page.body.map(({ personId }) => personId)).toEqual([ids[1]]);
    expect((await azure.call('DELETE', `${group}/persons/${first}`)).status).toBe(200);
    is(await azure.call('GET', `${group}/persons/${first}`), 404, `PersonNotFound: Person \`${first}\` is not found.`);
    is(await azure.call('GET', `${path}/nobody/persons`), 404, `${code}NotFound: ${labelOf(code)} is not found.`);
  });

  test('have faces, in the order they came', async () => {
    const group = await create(path, 'faces');
    const person = `${group}/persons/${await addPerson(group, 'Ann')}`;
    const first = await addFace(person, 'ann', { userData: 'é & x' });
    const second = await addFace(person, 'annElsewhere');
    expect((await azure.call('GET', person)).body).toMatchObject({ persistedFaceIds: [first, second] });
    const face = `${person}/persistedfaces/${first}`;
    expect((await azure.call('GET', face)).body).toEqual({ persistedFaceId: first, userData: 'é & x' });
    expect((await azure.call('PATCH', face, { json: { userData: 'new' } })).status).toBe(200);
    expect((await azure.call('PATCH', face, { json: {} })).status).toBe(200);
    expect((await azure.call('GET', face)).body).toEqual({ persistedFaceId: first, userData: 'new' });
    is(
      await azure.call('PATCH', face, { json: { userData: 'u'.repeat(1025) } }),
      400,
      "BadArgument: 'userData' is too long.",
    );
    expect((await azure.call('DELETE', face)).status).toBe(200);
    const gone = `PersistedFaceNotFound: Persisted face \`${first}\` is not found.`;
    for (const method of ['GET', 'DELETE']) is(await azure.call(method, face), 404, gone);
    is(
      await azure.call('GET', `${person}/persistedfaces/x`),
      404,
      'PersistedFaceNotFound: Persisted face ID is invalid.',
    );
    expect((await azure.call('GET', person)).body).toMatchObject({ persistedFaceIds: [second] });
  });
});

describe.each(FACE_CONTAINERS)('faces of a $label', ({ path, code }) => {
  test('are added, shown and deleted', async () => {
    const list = await create(path, 'faces');
    const first = await addFace(list, 'ann', { userData: 'u', detectionModel: 'detection_03' });
    const second = await addFace(list, 'bob');
    const shown = [{ persistedFaceId: first, userData: 'u' }, { persistedFaceId: second }].sort((a, b) =>
      a.persistedFaceId < b.persistedFaceId ? -1 : 1,
    );
    if (code === 'FaceList') {
      expect((await azure.call('GET', list)).body).toMatchObject({ persistedFaces: shown });
    } else {
      expect((await azure.call('GET', `${list}/persistedfaces`)).body).toEqual(shown);
      const page = { start: shown[0]!.persistedFaceId, top: 1 };
      expect((await azure.call('GET', `${list}/persistedfaces`, { query: page })).body).toEqual([shown[1]]);
      const face = `${list}/persistedfaces/${second}`;
      expect((await azure.call('PATCH', face, { json: { userData: 'new' } })).status).toBe(200);
      expect((await azure.call('GET', face)).body).toEqual({ persistedFaceId: second, userData: 'new' });
    }
    expect((await azure.call('DELETE', `${list}/persistedfaces/${first}`)).status).toBe(200);
    const gone =
      code === 'FaceList'
        ? `PersistedFaceNotFound: Persisted face \`${first}\` is not found.`
        : `PersistedFaceNotFound: Large Face List Face \`${first}\` is not found.`;
    is(await azure.call('DELETE', `${list}/persistedfaces/${first}`), 404, gone);
    const nowhere = await azure.call('POST', `${path}/nowhere/persistedfaces`, { bytes: await portraitOf('ann') });
    is(nowhere, 404, `${code}NotFound: ${labelOf(code)} is not found.`);
  });
});

describe.each(TRAINED_CONTAINERS)('training of a $label', ({ path, code, label }) => {
  const isFaces = code === 'LargeFaceList';
  const fill = async (container: string): Promise<void> => {
    await addFace(isFaces ? container : `${container}/persons/${await addPerson(container, 'Ann')}`, 'ann');
  };
  const search = async (id: string): Promise<AzureAnswer<unknown>> => {
    const detected = await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes: await portraitOf('ann') });
    const { faceId } = detected.body[0]!;
    const idName = `${code[0]!.toLowerCase()}${code.slice(1)}Id`;
    return isFaces
      ? azure.call('POST', '/findsimilars', { json: { faceId, [idName]: id } })
      : azure.call('POST', '/identify', { json: { faceIds: [faceId], [idName]: id } });
  };

  test('that never was is said so: 404 to who asks for it, 400 to who searches', async () => {
    const container = await create(path, 'untrained');
    await fill(container);
    is(await azure.call('GET', `${container}/training`), 404, `${code}NotTrained: ${label} is not trained.`);
    is(await search('untrained'), 400, `${code}NotTrained: ${label} is not trained.`);
  });

  test('of nothing fails, and nothing can be searched', async () => {
    const container = await create(path, 'empty');
    expect((await azure.call('POST', `${container}/train`)).status).toBe(202);
    expect((await azure.call('GET', `${container}/training`)).body).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no person or no face'),
    });
    await fill(container);
    is(await search('empty'), 400, `${code}NotTrained: ${label} is not trained.`);
  });

  test('answers 202 with where to ask, then succeeded; once done, later faces are found without another', async () => {
    const container = await create(path, 'trained');
    await fill(container);
    const started = await azure.call('POST', `${container}/train`);
    expect(started.status).toBe(202);
    expect(started.headers.get('operation-location')).toBe(`${azure.baseUrl}${container}/training`);
    expect(started.headers.get('access-control-expose-headers')).toBe('Operation-Location');
    const training = await azure.call<Record<string, string>>('GET', `${container}/training`);
    expect(training.body).toMatchObject({ status: 'succeeded' });
    expect(training.body.lastSuccessfulTrainingDateTime).toBe(training.body.lastActionDateTime);
    expect((await search('trained')).status).toBe(200);

    // An emptied container keeps what its last good training allows
    const faces = isFaces
      ? await azure.call<{ persistedFaceId: string }[]>('GET', `${container}/persistedfaces`)
      : await azure.call<{ personId: string }[]>('GET', `${container}/persons`);
    for (const item of faces.body) {
      const below = 'personId' in item ? `persons/${item.personId}` : `persistedfaces/${item.persistedFaceId}`;
      expect((await azure.call('DELETE', `${container}/${below}`)).status).toBe(200);
    }
    expect((await azure.call('POST', `${container}/train`)).status).toBe(202);
    const failed = await azure.call<Record<string, string>>('GET', `${container}/training`);
    expect(failed.body).toMatchObject({ status: 'failed', lastSuccessfulTrainingDateTime: expect.any(String) });
    const nothing = await search('trained');
    if (isFaces) is(nothing, 400, `${code}NotTrained: ${label} is not trained.`);
    else expect(nothing).toMatchObject({ status: 200, body: [{ candidates: [] }] });
  });

  test('of what is not there is not found', async () => {
    for (const [method, below] of [
      ['POST', 'train'],
      ['GET', 'training'],
    ] as const) {
      is(await azure.call(method, `${path}/nobody/${below}`), 404, `${code}NotFound: ${label} is not found.`);
    }
  });
});

test('persons of one group are nobody in another', async () => {
  const a = await create('/largepersongroups', 'group-a');
  const b = await create('/largepersongroups', 'group-b');
  const personId = await addPerson(a, 'Ann');
  is(await azure.call('GET', `${b}/persons/${personId}`), 404, `PersonNotFound: Person \`${personId}\` is not found.`);
  is(
    await azure.call('GET', `${a}/persons/${UNKNOWN_ID}`),
    404,
    `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`,
  );
});

function labelOf(code: string): string {
  return CONTAINERS.find((container) => container.code === code)!.label;
}
