// Detect, identify, verify, find similar and group: what they answer, and each way they refuse.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AzureAnswer, type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const INCOMPATIBLE = "BadArgument: 'recognitionModel' is incompatible.";
const FACE_NOT_FOUND = `FaceNotFound: Face \`${UNKNOWN_ID}\` is not found.`;
const RETIRED =
  'UnsupportedFeature: Return Attributes (emotion, gender, age, smile, facial hair, hair and makeup) have been deprecated and are no longer supported.';

let service: TestService;
let azure: AzureHttp;
let nowMs = Date.now();
let ann: string;
let annAgain: string;
let bob: string;
let cleo: string;
let annOfOtherModel: string;
let annId: string;

beforeAll(async () => {
  service = await startService({ clock: { nowMs: () => nowMs } });
  azure = await azureHttp(service);
  ann = await detect('ann');
  annAgain = await detect('annElsewhere');
  bob = await detect('bob');
  cleo = await detect('cleo');
  annOfOtherModel = await detect('ann', { recognitionModel: 'recognition_04' });

  for (const path of ['/persongroups', '/largepersongroups']) {
    await azure.call('PUT', `${path}/people`, { json: { name: 'People' } });
    await azure.call('PUT', `${path}/untrained`, { json: { name: 'Untrained' } });
    for (const face of ['ann', 'cleo'] as const) {
      const person = await azure.call<{ personId: string }>('POST', `${path}/people/persons`, { json: { name: face } });
      const { personId } = person.body;
      if (path === '/largepersongroups' && face === 'ann') annId = personId;
      const bytes = await portraitOf(face);
      await azure.call('POST', `${path}/people/persons/${personId}/persistedfaces`, { bytes });
    }
    await azure.call('POST', `${path}/people/train`);
  }
});
afterAll(() => service?.stop());

async function detect(face: FaceName, query: Record<string, string | number> = {}): Promise<string> {
  const found = await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes: await portraitOf(face), query });
  expect(found.body).toHaveLength(1);
  return found.body[0]!.faceId;
}

function is(answer: AzureAnswer<unknown>, status: number, error: string): void {
  expect(`${answer.status} ${answer.error}`).toBe(`${status} ${error}`);
}

interface Face {
  readonly faceId?: string;
  readonly faceRectangle: { readonly width: number; readonly height: number };
  readonly faceAttributes?: object;
}

describe('detect', () => {
  const find = async (query: Record<string, string | number | boolean>) =>
    azure.call<Face[]>('POST', '/detect', { bytes: samplePhoto(3), query });

  test('gives ids and rectangles, the largest first, and nothing that was not asked for', async () => {
    const { body } = await find({});
    expect(body).toHaveLength(3);
    for (const face of body) expect(Object.keys(face)).toEqual(['faceId', 'faceRectangle']);
    const areas = body.map(({ faceRectangle: { width, height } }) => width * height);
    expect(areas).toEqual([...areas].sort((a, b) => b - a));
  });

  test('gives the recognition model only with the id it belongs to', async () => {
    const asked = { returnRecognitionModel: true, recognitionModel: 'recognition_02' };
    expect((await find(asked)).body[0]).toMatchObject({ recognitionModel: 'recognition_02' });
    const without = await find({ ...asked, returnFaceId: false });
    expect(Object.keys(without.body[0]!)).toEqual(['faceRectangle']);
  });

  test.each([
    ['detection_01', 'headPose,glasses,occlusion,accessories,blur,exposure,noise,qualityForRecognition'],
    ['detection_03', 'headPose,glasses,occlusion,blur,exposure,mask,qualityForRecognition'],
  ])('with %s gives %s', async (detectionModel, returnFaceAttributes) => {
    const { body } = await find({ detectionModel, returnFaceAttributes, recognitionModel: 'recognition_04' });
    for (const face of body) expect(Object.keys(face.faceAttributes!)).toEqual(returnFaceAttributes.split(','));
  });

  test('takes attribute names in any case and escaped commas', async () => {
    const response = await fetch(`${azure.baseUrl}/detect?returnFaceAttributes=HeadPose%2CBlur`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': service.key, 'content-type': 'application/octet-stream' },
      body: new Uint8Array(samplePhoto(3)),
    });
    const [face] = (await response.json()) as Face[];
    expect(Object.keys(face!.faceAttributes!)).toEqual(['headPose', 'blur']);
  });

  test('takes a photo in chunks', async () => {
    const photo = samplePhoto(3);
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < photo.length; at += 10_000) controller.enqueue(photo.subarray(at, at + 10_000));
        controller.close();
      },
    });
    const response = await fetch(`${azure.baseUrl}/detect?returnFaceId=false`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': service.key, 'content-type': 'application/octet-stream' },
      body: chunks,
      duplex: 'half',
    });
    expect(await response.json()).toHaveLength(3);
  });

  test.each(['emotion', 'gender', 'age', 'smile', 'facialHair', 'hair', 'makeup', 'headPose,Age'])(
    'refuses the retired attribute %s',
    async (returnFaceAttributes) => {
      is(await find({ returnFaceAttributes }), 403, RETIRED);
    },
  );

  test.each([
    [{ detectionModel: 'detection_04' }, "'detectionModel' is invalid."],
    [{ recognitionModel: 'recognition_05' }, "'recognitionModel' is invalid."],
    [{ returnFaceAttributes: 'charm' }, 'Invalid argument returnFaceAttributes.'],
    [
      { detectionModel: 'detection_02', returnFaceAttributes: 'headPose' },
      "'returnFaceAttributes' is not supported by detection_02.",
    ],
    [
      { detectionModel: 'detection_02', returnFaceLandmarks: true },
      "'returnLandmarks' is not supported by detection_02.",
    ],
    [
      { detectionModel: 'detection_03', returnFaceAttributes: 'noise' },
      "Only face attributes 'blur,exposure,glasses,headpose,mask,occlusion,qualityforrecognition' are supported by detection_03.",
    ],
    [{ returnFaceAttributes: 'qualityForRecognition' }, "'qualityForRecognition' is not supported by recognition_01."],
    [{ faceIdTimeToLive: 59 }, "'faceIdTimeToLive' is invalid."],
    [{ faceIdTimeToLive: 86_401 }, "'faceIdTimeToLive' is invalid."],
    [{ returnFaceId: 'perhaps' }, "'returnFaceId' is invalid."],
  ])('refuses %j: %s', async (query, message) => {
    is(await find(query), 400, `BadArgument: ${message}`);
  });

  test.each(['not a url', 'ftp://example.org/a.jpg', 'https://not-allowed.example/a.jpg'])(
    'refuses to fetch %s',
    async (url) => {
      const answer = await azure.call('POST', '/detect', { json: { url } });
      expect(answer.status).toBe(400);
      expect(answer.error).toMatch(/^InvalidURL: Invalid image URL/);
    },
  );

  test('an id lives as long as was asked', async () => {
    const faceId = await detect('bob', { faceIdTimeToLive: 60 });
    const verify = () => azure.call('POST', '/verify', { json: { faceId1: faceId, faceId2: bob } });
    expect((await verify()).status).toBe(200);
    nowMs += 61_000;
    is(await verify(), 404, `FaceNotFound: Face \`${faceId}\` is not found.`);
  });
});

describe('identify', () => {
  const identify = (json: object) =>
    azure.call<{ faceId: string; candidates: { personId: string; confidence: number }[] }[]>('POST', '/identify', {
      json,
    });

  test('answers each face in the order asked, with the persons who pass', async () => {
    const { body } = await identify({ faceIds: [bob, annAgain], largePersonGroupId: 'people' });
    expect(body).toEqual([
      { faceId: bob, candidates: [] },
      { faceId: annAgain, candidates: [{ personId: annId, confidence: expect.any(Number) }] },
    ]);
    const { confidence } = body[1]!.candidates[0]!;
    expect(confidence).toBe(Math.round(confidence * 1e5) / 1e5);
  });

  test('keeps to the threshold and the number asked for', async () => {
    const all = { faceIds: [annAgain], largePersonGroupId: 'people', confidenceThreshold: 0 };
    expect((await identify(all)).body[0]!.candidates).toHaveLength(2);
    expect((await identify({ ...all, maxNumOfCandidatesReturned: 1 })).body[0]!.candidates).toMatchObject([
      { personId: annId },
    ]);
    expect((await identify({ ...all, confidenceThreshold: 1 })).body[0]!.candidates).toEqual([]);
  });

  test.each([
    [{ largePersonGroupId: 'none' }, 'LargePersonGroupNotFound: Large person group is not found.'],
    [{ personGroupId: 'none' }, 'PersonGroupNotFound: Person group is not found.'],
    [{ largePersonGroupId: 'untrained' }, 'LargePersonGroupNotTrained: Large person group is not trained.'],
    [{ personGroupId: 'untrained' }, 'PersonGroupNotTrained: Person group is not trained.'],
    [{ largePersonGroupId: 'BAD' }, 'BadArgument: Large person group ID is invalid.'],
    [{ personGroupId: '../x' }, 'BadArgument: Person group ID is invalid.'],
    [{ dynamicPersonGroupId: 'NO' }, 'BadArgument: Dynamic person group ID is invalid.'],
    [{ personIds: ['*', UNKNOWN_ID] }, 'BadArgument: Person ID is invalid.'],
    [{ personIds: ['x'] }, 'BadArgument: Person ID is invalid.'],
    [
      { largePersonGroupId: 'people', maxNumOfCandidatesReturned: 101 },
      'BadArgument: The argument maxNumOfCandidatesReturned is not valid.',
    ],
    [
      { largePersonGroupId: 'people', maxNumOfCandidatesReturned: 0 },
      'BadArgument: The argument maxNumOfCandidatesReturned is not valid.',
    ],
    [
      { largePersonGroupId: 'people', confidenceThreshold: 1.1 },
      'BadArgument: The argument confidenceThreshold is not valid.',
    ],
    [{ faceIds: [], largePersonGroupId: 'people' }, 'BadArgument: The length of faceIds is not in a valid range.'],
    [
      { faceIds: Array(11).fill(UNKNOWN_ID), largePersonGroupId: 'people' },
      'BadArgument: The length of faceIds is not in a valid range.',
    ],
    [{ faceIds: ['x'], largePersonGroupId: 'people' }, 'BadArgument: Face ID is invalid.'],
    [{ faceIds: [UNKNOWN_ID], largePersonGroupId: 'people' }, FACE_NOT_FOUND],
    [
      { personGroupId: 'people', largePersonGroupId: 'people' },
      'PersonGroupIdAndLargePersonGroupIdBothNotNull: Both personGroupId and largePersonGroupId are not null.',
    ],
  ])('refuses %j: %s', async (json, error) => {
    is(await identify({ faceIds: [ann], ...json }), 400, error);
  });

  test('refuses a face of another recognition model', async () => {
    is(await identify({ faceIds: [annOfOtherModel], largePersonGroupId: 'people' }), 400, INCOMPATIBLE);
  });

  test('wants exactly one scope', async () => {
    const none = await identify({ faceIds: [ann] });
    expect(none.error).toMatch(/^MissingIdentificationScopeParameters: /);
    const two = await identify({ faceIds: [ann], largePersonGroupId: 'people', personIds: ['*'] });
    expect(two.error).toMatch(/^IncompatibleIdentificationScopeParametersCombination: /);
    const oldest = await azureHttp(service, 'v1.0');
    const noneOld = await oldest.call('POST', '/identify', { json: { faceIds: [ann] } });
    expect(noneOld.error).toMatch(/^PersonGroupIdAndLargePersonGroupIdBothNull: /);
  });

  test('of an older client that asks for one candidate gives one', async () => {
    const oldest = await azureHttp(service, 'v1.0');
    const json = { faceIds: [annAgain], personGroupId: 'people', maxNumOfCandidatesReturned: 1 };
    const { body } = await oldest.call<{ candidates: object[] }[]>('POST', '/identify', { json });
    expect(body[0]!.candidates).toHaveLength(1);
  });
});

describe('verify', () => {
  const verify = (json: object) =>
    azure.call<{ isIdentical: boolean; confidence: number }>('POST', '/verify', { json });

  test('is identical from a confidence of one half', async () => {
    for (const json of [
      { faceId1: ann, faceId2: annAgain },
      { faceId1: ann, faceId2: bob },
      { faceId: annAgain, personId: annId, largePersonGroupId: 'people' },
      { faceId: bob, personId: annId, largePersonGroupId: 'people' },
    ]) {
      const { body } = await verify(json);
      expect(body.isIdentical).toBe(body.confidence >= 0.5);
    }
    expect((await verify({ faceId1: ann, faceId2: annAgain })).body.isIdentical).toBe(true);
    expect((await verify({ faceId1: ann, faceId2: bob })).body.isIdentical).toBe(false);
  });

  test('needs no training', async () => {
    const path = '/persongroups/untrained/persons';
    const { body } = await azure.call<{ personId: string }>('POST', path, { json: { name: 'Bob' } });
    const json = { faceId: bob, personId: body.personId, personGroupId: 'untrained' };
    is(await verify(json), 404, 'PersistedFaceNotFound: No persisted face of the person is found.');
    await azure.call('POST', `${path}/${body.personId}/persistedfaces`, { bytes: await portraitOf('bob') });
    expect((await verify(json)).body).toMatchObject({ isIdentical: true });
  });

  test('refuses what is not there, or not comparable', async () => {
    is(await verify({ faceId1: ann, faceId2: UNKNOWN_ID }), 404, FACE_NOT_FOUND);
    is(await verify({ faceId1: ann, faceId2: annOfOtherModel }), 400, INCOMPATIBLE);
    is(await verify({ faceId1: ann, faceId2: 'x' }), 400, 'BadArgument: Face ID is invalid.');
    is(
      await verify({ faceId: ann, personId: 'x', personGroupId: 'people' }),
      400,
      'BadArgument: Person ID is invalid.',
    );
    const person = { faceId: ann, personId: UNKNOWN_ID };
    const unknown = `PersonNotFound: Person \`${UNKNOWN_ID}\` is not found.`;
    is(await verify({ ...person, largePersonGroupId: 'people' }), 404, unknown);
    is(await verify(person), 404, unknown);
    is(
      await verify({ ...person, largePersonGroupId: 'none' }),
      400,
      'LargePersonGroupNotFound: Large person group is not found.',
    );
    is(await verify({ ...person, personGroupId: 'none' }), 400, 'PersonGroupNotFound: Person group is not found.');
    is(await verify({ ...person, largePersonGroupId: 'N O' }), 400, 'BadArgument: Large person group ID is invalid.');
    for (const json of [
      {},
      { faceId: ann },
      { faceId1: ann },
      { ...person, personGroupId: 'a', largePersonGroupId: 'b' },
    ]) {
      is(await verify(json), 400, 'BadArgument: Request body is invalid.');
    }
  });
});

describe('find similar', () => {
  interface Similar {
    readonly faceId?: string;
    readonly persistedFaceId?: string;
    readonly confidence: number;
  }
  const similar = (json: object) => azure.call<Similar[]>('POST', '/findsimilars', { json });
  const kept: Record<string, string> = {};

  beforeAll(async () => {
    for (const path of ['/facelists', '/largefacelists']) {
      await azure.call('PUT', `${path}/empty`, { json: { name: 'n' } });
      await azure.call('PUT', `${path}/faces`, { json: { name: 'n' } });
      for (const face of ['ann', 'bob', 'cleo'] as const) {
        const bytes = await portraitOf(face);
        const added = await azure.call<{ persistedFaceId: string }>('POST', `${path}/faces/persistedfaces`, { bytes });
        kept[`${path} ${face}`] = added.body.persistedFaceId;
      }
    }
  });

  test('ranks other faces: the same person alone, or all', async () => {
    const among = { faceId: annAgain, faceIds: [cleo, bob, ann] };
    const person = await similar(among);
    expect(person.body).toEqual([{ faceId: ann, confidence: expect.any(Number) }]);
    const all = await similar({ ...among, mode: 'matchFace' });
    expect(all.body.map(({ faceId }) => faceId)[0]).toBe(ann);
    expect(all.body).toHaveLength(3);
    const confidences = all.body.map(({ confidence }) => confidence);
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a));
    expect((await similar({ ...among, mode: 'matchFace', maxNumOfCandidatesReturned: 2 })).body).toHaveLength(2);
    expect((await similar({ faceId: ann, faceIds: [ann] })).body).toMatchObject([{ faceId: ann }]);
  });

  test('ranks the faces of a list, which needs no training', async () => {
    const json = { faceId: annAgain, faceListId: 'faces' };
    expect((await similar(json)).body).toEqual([
      { persistedFaceId: kept['/facelists ann'], confidence: expect.any(Number) },
    ]);
    expect((await similar({ ...json, mode: 'matchFace' })).body).toHaveLength(3);
  });

  test('ranks the faces of a large list once it was trained', async () => {
    const json = { faceId: annAgain, largeFaceListId: 'faces' };
    is(await similar(json), 400, 'LargeFaceListNotTrained: Large face list is not trained.');
    await azure.call('POST', '/largefacelists/faces/train');
    expect((await similar(json)).body).toMatchObject([{ persistedFaceId: kept['/largefacelists ann'] }]);
    const two = await similar({ ...json, mode: 'matchFace', maxNumOfCandidatesReturned: 2 });
    expect(two.body).toHaveLength(2);
  });

  test.each([
    [{}, 'BadArgument: LargeFaceListId, faceListId and faceIds are all null.'],
    [
      { faceListId: 'faces', largeFaceListId: 'faces' },
      'BadArgument: 2 or more of LargeFaceListId, faceListId and faceIds are not null.',
    ],
    [{ faceListId: 'NO' }, 'BadArgument: Face list ID is invalid.'],
    [{ largeFaceListId: 'NO' }, 'BadArgument: Large face list ID is invalid.'],
    [{ faceListId: 'none' }, 'FaceListNotFound: Face list is not found.'],
    [{ largeFaceListId: 'none' }, 'LargeFaceListNotFound: Large face list is not found.'],
    [{ faceListId: 'empty' }, 'FaceListNotReady: Face list is empty.'],
    [{ faceListId: 'faces', mode: 'matchCat' }, 'BadArgument: Mode is invalid.'],
    [
      { faceListId: 'faces', maxNumOfCandidatesReturned: 1001 },
      'BadArgument: The argument maxNumOfCandidatesReturned is not valid. The valid range is between [1, 1000]',
    ],
    [{ faceIds: [] }, 'BadArgument: The length of faceIds is not in a valid range. Valid range: [1, 1000].'],
    [
      { faceIds: Array(1001).fill(UNKNOWN_ID) },
      'BadArgument: The length of faceIds is not in a valid range. Valid range: [1, 1000].',
    ],
    [{ faceIds: [UNKNOWN_ID] }, FACE_NOT_FOUND],
    [{ faceId: UNKNOWN_ID, faceListId: 'faces' }, FACE_NOT_FOUND],
  ])('refuses %j: %s', async (json, error) => {
    is(await similar({ faceId: ann, ...json }), 400, error);
  });

  test('refuses faces of another recognition model', async () => {
    is(await similar({ faceId: annOfOtherModel, faceListId: 'faces' }), 400, INCOMPATIBLE);
    is(await similar({ faceId: annOfOtherModel, faceIds: [ann] }), 400, INCOMPATIBLE);
  });
});

describe('group', () => {
  const group = (faceIds: unknown) =>
    azure.call<{ groups: string[][]; messyGroup: string[] }>('POST', '/group', { json: { faceIds } });

  test('puts the faces of a person together, whatever their order', async () => {
    const dan = await detect('dan');
    const danAgain = await detect('dan');
    const annTwice = await detect('ann');
    const faceIds = [ann, bob, danAgain, annAgain, cleo, dan, annTwice];
    const { body } = await group(faceIds);
    expect(body.groups.map((ids) => [...ids].sort())).toEqual([
      [ann, annAgain, annTwice].sort(),
      [dan, danAgain].sort(),
    ]);
    expect([...body.messyGroup].sort()).toEqual([bob, cleo].sort());
    for (const order of [[...faceIds].reverse(), [...faceIds].sort(), [...faceIds, ann]]) {
      expect((await group(order)).body).toEqual(body);
    }
  });

  test('refuses fewer than 2 and more than 1000, the unknown and the incomparable', async () => {
    const range = 'BadArgument: The length of faceIds is not in a valid range. Valid range: [2, 1000].';
    is(await group([ann]), 400, range);
    is(await group(Array(1001).fill(ann)), 400, range);
    is(await group(undefined), 400, range);
    is(await group([ann, UNKNOWN_ID]), 400, FACE_NOT_FOUND);
    is(await group([ann, annOfOtherModel]), 400, INCOMPATIBLE);
  });
});
