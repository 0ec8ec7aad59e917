// Many at once: every answer is one that the contract allows, and the end is what was acknowledged.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MAX_ENROLMENTS_PER_PERSON } from '../../src/core/limits.ts';
import { createFaceEngine } from '../../src/vision/face-engine.ts';
import { type AzureAnswer, type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

// Hundreds of photos are read here, on whatever machine there is
vi.setConfig({ testTimeout: 300_000 });

let service: TestService;
let azure: AzureHttp;
let ann: Buffer;
let annAgain: Buffer;

beforeAll(async () => {
  // Long enough a queue for 200 photos, so that what is tested is not the refusal of load
  service = await startService({
    engine: await createFaceEngine({ processes: 2, maxQueued: 500, deadlineMs: 120_000 }),
  });
  azure = await azureHttp(service);
  ann = await portraitOf('ann');
  annAgain = await portraitOf('annElsewhere');
});
afterAll(async () => {
  await service?.stop();
  await service?.deps.engine.close();
});

const GROUP = '/largepersongroups';

async function createGroup(id: string): Promise<string> {
  expect((await azure.call('PUT', `${GROUP}/${id}`, { json: { name: id } })).status).toBe(200);
  return `${GROUP}/${id}`;
}

async function addPerson(group: string): Promise<string> {
  const { body } = await azure.call<{ personId: string }>('POST', `${group}/persons`, { json: { name: 'p' } });
  return `${group}/persons/${body.personId}`;
}

type AddedFace = AzureAnswer<{ persistedFaceId: string }>;
const addFace = (person: string, bytes: Buffer = ann): Promise<AddedFace> =>
  azure.call<{ persistedFaceId: string }>('POST', `${person}/persistedfaces`, { bytes });

async function facesOf(person: string): Promise<string[]> {
  return (await azure.call<{ persistedFaceIds: string[] }>('GET', person)).body.persistedFaceIds;
}

const acknowledged = (answers: readonly AddedFace[]) =>
  answers.filter(({ status }) => status === 200).map(({ body }) => body.persistedFaceId);
const times = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));
const statusesOf = (answers: readonly AzureAnswer<unknown>[]) =>
  [...new Set(answers.map(({ status }) => status))].sort();

test('200 faces added to one person at once are all there, each once', async () => {
  const person = await addPerson(await createGroup('one-person'));
  const answers = await times(200, () => addFace(person));
  expect(statusesOf(answers)).toEqual([200]);
  expect((await facesOf(person)).sort()).toEqual(acknowledged(answers).sort());
});

test('the limit holds however many come at once', async () => {
  const person = await addPerson(await createGroup('limit'));
  const first = (await addFace(person)).body.persistedFaceId;
  const gallery = { tenantId: 'home', kind: 'large-person', galleryId: 'limit' } as const;
  const personId = person.split('/').at(-1)!;
  const { store, newId } = service.deps;
  const { personId: _p, enrolmentNo: _e, ...enrolment } = await store.getEnrolment(gallery, personId, first);
  const [known] = await store.sealedEnrolmentsOf(gallery, personId);
  const { transformKey } = await store.getGallery(gallery);
  const turnedWith = transformKey ? { transformKey } : {};
  for (let i = 1; i < MAX_ENROLMENTS_PER_PERSON - 3; i++) {
    const { packId, sealedTemplate } = known!;
    const copy = { ...enrolment, ...turnedWith, enrolmentId: newId(), packId, sealedTemplate };
    await store.addEnrolment(gallery, personId, copy, MAX_ENROLMENTS_PER_PERSON);
  }
  const answers = await times(12, () => addFace(person));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ error }) => error?.startsWith('QuotaExceeded: '))).toHaveLength(9);
  expect(await facesOf(person)).toHaveLength(MAX_ENROLMENTS_PER_PERSON);
});

test('while persons get faces, groups are trained and persons deleted, what was acknowledged holds', async () => {
  const group = await createGroup('busy');
  const persons = await times(12, () => addPerson(group));
  const doomed = persons.slice(0, 6);
  const adds = persons.flatMap((person) => Array.from({ length: 6 }, () => ({ person, answer: addFace(person) })));
  const trainings = times(5, () => azure.call('POST', `${group}/train`));
  const deletions = Promise.all(doomed.map((person) => azure.call('DELETE', person)));

  const added = await Promise.all(adds.map(async ({ person, answer }) => ({ person, answer: await answer })));
  expect(statusesOf(await trainings)).toEqual([202]);
  expect(statusesOf(await deletions)).toEqual([200]);
  for (const { answer } of added) {
    if (answer.status !== 200) expect(answer.error).toMatch(/^PersonNotFound: /);
  }
  for (const person of persons) {
    const answers = added.filter((one) => one.person === person).map((one) => one.answer);
    if (doomed.includes(person)) expect((await azure.call('GET', person)).status).toBe(404);
    else expect((await facesOf(person)).sort()).toEqual(acknowledged(answers).sort());
  }
  // The index holds exactly them, too
  const gallery = await service.deps.store.getGallery({ tenantId: 'home', kind: 'large-person', galleryId: 'busy' });
  const { enrolments } = await service.deps.store.countGallery(gallery);
  await service.deps.follower.catchUp();
  expect((await service.deps.index.size(gallery.galleryNo)).enrolments).toBe(enrolments);
});

test('of many who create one id at once, one does', async () => {
  for (const path of [GROUP, '/persongroups', '/facelists', '/largefacelists']) {
    const answers = await times(20, (i) => azure.call('PUT', `${path}/contested`, { json: { name: `by ${i}` } }));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status, error }) => status === 409 && /Exists: /.test(error ?? ''))).toHaveLength(19);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect((await azure.call('GET', `${path}/contested`)).body).toMatchObject({ name: `by ${winner}` });
  }
});

test('of more face lists than there may be, just so many are made', async () => {
  const { body: before } = await azure.call<object[]>('GET', '/facelists');
  const answers = await times(80, (i) => azure.call('PUT', `/facelists/race-${i}`, { json: { name: 'n' } }));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(64 - before.length);
  expect((await azure.call<object[]>('GET', '/facelists')).body).toHaveLength(64);
});

test('a group that is deleted while it is filled is gone, with all that came into it', async () => {
  const group = await createGroup('vanishing');
  const person = await addPerson(group);
  await addFace(person);
  await azure.call('POST', `${group}/train`);
  const adds = times(10, () => addFace(person));
  const [deletion] = await Promise.all([azure.call('DELETE', group)]);
  expect(deletion.status).toBe(200);
  for (const answer of await adds) {
    if (answer.status !== 200) expect(answer.error).toMatch(/^(LargePersonGroupNotFound|PersonNotFound): /);
  }
  expect((await azure.call('GET', group)).status).toBe(404);
  const again = await createGroup('vanishing');
  expect((await azure.call('GET', `${again}/persons`)).body).toEqual([]);
});

test('a person of the directory who is deleted while faces come in does not come back by them', async () => {
  const directory = await azureHttp(service, 'v1.2-preview.1');
  for (let round = 0; round < 3; round++) {
    const created = await directory.call<{ personId: string }>('POST', '/persons', { json: { name: 'Ann' } });
    const { personId } = created.body;
    const path = `/persons/${personId}/recognitionModels/recognition_04/persistedfaces`;
    const adds = times(6, () => directory.call('POST', path, { bytes: ann }));
    await new Promise((resolve) => setTimeout(resolve, 60 * round));
    expect((await directory.call('DELETE', `/persons/${personId}`)).status).toBe(202);
    for (const answer of await adds) {
      if (answer.status !== 202) expect(answer.error).toMatch(/^PersonNotFound: /);
    }
    expect((await directory.call('GET', `/persons/${personId}`)).status).toBe(404);
  }
  const detected = await directory.call<{ faceId: string }[]>('POST', '/detect', {
    bytes: annAgain,
    query: { recognitionModel: 'recognition_04' },
  });
  const json = { faceIds: [detected.body[0]!.faceId], personIds: ['*'], confidenceThreshold: 0 };
  expect((await directory.call('POST', '/identify', { json })).body).toMatchObject([{ candidates: [] }]);
});

test('searches go on while faces come and go, and never name who is gone', async () => {
  const group = await createGroup('live');
  const kept = await addPerson(group);
  await addFace(kept);
  await azure.call('POST', `${group}/train`);
  const detected = await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes: annAgain });
  const json = { faceIds: [detected.body[0]!.faceId], largePersonGroupId: 'live' };
  const identify = async () => {
    const answer = await azure.call<{ candidates: { personId: string }[] }[]>('POST', '/identify', { json });
    expect(answer.status).toBe(200);
    return answer.body[0]!.candidates.map(({ personId }) => personId);
  };
  const keptId = kept.split('/').at(-1)!;
  let isOver = false;
  const searching = (async () => {
    while (!isOver) expect(await identify()).toContain(keptId);
  })();
  for (let i = 0; i < 8; i++) {
    const person = await addPerson(group);
    expect((await addFace(person)).status).toBe(200);
    expect(await identify()).toContain(person.split('/').at(-1));
    expect((await azure.call('DELETE', person)).status).toBe(200);
    expect(await identify()).toEqual([keptId]);
  }
  isOver = true;
  await searching;
});
