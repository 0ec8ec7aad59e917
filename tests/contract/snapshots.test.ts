// Snapshots through the client that knows them: a group as it was, made anew.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { olderClient } from '../support/azure-clients.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type FaceName, portraitOf } from '../support/photos.ts';
import { startSecureService, startService, type TestService } from '../support/service.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const SCOPE = randomUUID();

let service: TestService;
let azure: AzureHttp;
let ca: string;
let nowMs = Date.now();

beforeAll(async () => {
  ({ service, ca } = await startSecureService({ clock: { nowMs: () => nowMs } }));
  azure = await azureHttp(service, 'v1.0', ca);
});
afterAll(() => service?.stop());

/** Waits for the operation that a 202 named; answers what it made. */
async function outcomeOf(operationLocation: string, at = azure): Promise<string> {
  const path = operationLocation.slice(at.baseUrl.length);
  for (;;) {
    const { body } = await at.call<{ status: string; resourceLocation: string; message?: string }>('GET', path);
    if (body.status === 'succeeded') return body.resourceLocation;
    if (body.status === 'failed') throw new Error(body.message);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function addFace(path: string, face: FaceName): Promise<string> {
  const bytes = await portraitOf(face);
  return (await azure.call<{ persistedFaceId: string }>('POST', `${path}/persistedfaces`, { bytes })).body
    .persistedFaceId;
}

async function groupOf(id: string, faces: readonly FaceName[]): Promise<string[]> {
  await azure.call('PUT', `/largepersongroups/${id}`, { json: { name: id, userData: 'of the group' } });
  const personIds = [];
  for (const name of faces) {
    const path = `/largepersongroups/${id}/persons`;
    const { personId } = (await azure.call<{ personId: string }>('POST', path, { json: { name } })).body;
    await addFace(`${path}/${personId}`, name);
    personIds.push(personId);
  }
  return personIds;
}

async function take(type: string, objectId: string): Promise<string> {
  const taken = await azure.call('POST', '/snapshots', { json: { type, objectId, applyScope: [SCOPE] } });
  expect(taken.status).toBe(202);
  return outcomeOf(taken.headers.get('operation-location')!);
}

async function apply(snapshotPath: string, objectId: string): Promise<string> {
  const applied = await azure.call('POST', `${snapshotPath}/apply`, { json: { objectId, mode: 'CreateNew' } });
  expect(applied.status).toBe(202);
  return outcomeOf(applied.headers.get('operation-location')!);
}

test('a group is taken, listed and applied with the client; persons, faces and training are the same', async () => {
  const [ann] = await groupOf('source', ['ann', 'bob']);
  await azure.call('POST', '/largepersongroups/source/train');
  const client = olderClient({ ...service, ca });

  const taken = await client.snapshot.take('LargePersonGroup', 'source', [SCOPE], { userData: 'u' });
  const location = await outcomeOf(taken.operationLocation!);
  expect(location).toMatch(/^\/snapshots\/[0-9a-f-]{36}$/);
  const snapshotId = location.split('/')[2]!;
  expect(await client.snapshot.get(snapshotId)).toMatchObject({
    id: snapshotId,
    type: 'LargePersonGroup',
    userData: 'u',
  });
  expect(await client.snapshot.list({ type: 'LargePersonGroup', applyScope: [SCOPE] })).toHaveLength(1);
  expect(await client.snapshot.list({ type: 'FaceList' })).toEqual([]);
  expect(await client.snapshot.list({ applyScope: [randomUUID()] })).toEqual([]);
  await client.snapshot.update(snapshotId, { userData: 'changed' });
  expect((await client.snapshot.get(snapshotId)).userData).toBe('changed');

  // What happens to the group later doesn't reach the snapshot
  await azure.call('PATCH', '/largepersongroups/source', { json: { name: 'renamed' } });
  const applied = await client.snapshot.apply(snapshotId, 'copy');
  expect(await outcomeOf(applied.operationLocation!)).toBe('/largepersongroups/copy');

  expect((await azure.call('GET', '/largepersongroups/copy')).body).toEqual({
    largePersonGroupId: 'copy',
    name: 'source',
    userData: 'of the group',
  });
  const persons = await azure.call('GET', '/largepersongroups/source/persons');
  expect((await azure.call('GET', '/largepersongroups/copy/persons')).body).toEqual(persons.body);
  const { body } = await azure.call<{ faceId: string }[]>('POST', '/detect', {
    bytes: await portraitOf('annElsewhere'),
  });
  const identified = await azure.call<{ candidates: object[] }[]>('POST', '/identify', {
    json: { faceIds: [body[0]!.faceId], largePersonGroupId: 'copy' },
  });
  expect(identified.body[0]!.candidates).toMatchObject([{ personId: ann }]);

  await client.snapshot.deleteMethod(snapshotId);
  await expect(client.snapshot.get(snapshotId)).rejects.toMatchObject({ statusCode: 404 });
});

test('a face list is taken and applied; its search needs no training', async () => {
  await azure.call('PUT', '/facelists/faces', { json: { name: 'faces' } });
  const faceId = await addFace('/facelists/faces', 'cleo');
  const path = await take('FaceList', 'faces');
  await azure.call('DELETE', '/facelists/faces');
  expect(await apply(path, 'faces')).toBe('/facelists/faces');
  const { body } = await azure.call<{ faceId: string }[]>('POST', '/detect', { bytes: await portraitOf('cleo') });
  const similar = await azure.call('POST', '/findsimilars', { json: { faceId: body[0]!.faceId, faceListId: 'faces' } });
  expect(similar.body).toMatchObject([{ persistedFaceId: faceId }]);
});

test('whoever is erased from a group is erased from its snapshots', async () => {
  const [ann, bob] = (await groupOf('erased', ['ann', 'bob'])) as [string, string];
  const path = await take('LargePersonGroup', 'erased');
  await azure.call('DELETE', `/largepersongroups/erased/persons/${ann}`);
  const person = await azure.call<{ persistedFaceIds: string[] }>('GET', `/largepersongroups/erased/persons/${bob}`);
  await azure.call(
    'DELETE',
    `/largepersongroups/erased/persons/${bob}/persistedfaces/${person.body.persistedFaceIds[0]}`,
  );
  await apply(path, 'erased-copy');
  expect((await azure.call('GET', '/largepersongroups/erased-copy/persons')).body).toEqual([
    { personId: bob, persistedFaceIds: [], name: 'bob' },
  ]);
});

test('many persons are copied, a few at a time', async () => {
  const { deps } = service;
  const ref = { tenantId: 'home', kind: 'person', galleryId: 'many' } as const;
  await azure.call('PUT', '/persongroups/many', { json: { name: 'many' } });
  const persons = Array.from({ length: 650 }, (_, i) => ({
    person: { personId: randomUUID(), name: `p${i}`, wrappedKey: deps.vault.newPersonKey('home'), createdMs: nowMs },
    enrolments: [],
  }));
  await deps.store.importPersons(ref, persons);
  await apply(await take('PersonGroup', 'many'), 'many-more');
  expect(await deps.store.countGallery({ ...ref, galleryId: 'many-more' })).toMatchObject({ persons: 650 });
});

describe('a snapshot', () => {
  test.each([
    [
      'POST',
      '/snapshots',
      { type: 'LargePersonGroup', objectId: 'none', applyScope: [SCOPE] },
      404,
      'LargePersonGroupNotFound',
    ],
    ['POST', '/snapshots', { type: 'Cat', objectId: 'none', applyScope: [SCOPE] }, 400, 'BadArgument'],
    ['POST', '/snapshots', { type: 'FaceList', objectId: 'NO', applyScope: [SCOPE] }, 400, 'BadArgument'],
    ['POST', '/snapshots', { type: 'FaceList', objectId: 'x' }, 400, 'BadArgument'],
    ['GET', `/snapshots/${UNKNOWN_ID}`, undefined, 404, 'SnapshotNotFound'],
    ['GET', '/snapshots/x', undefined, 404, 'SnapshotNotFound'],
    ['DELETE', `/snapshots/${UNKNOWN_ID}`, undefined, 404, 'SnapshotNotFound'],
    ['PATCH', `/snapshots/${UNKNOWN_ID}`, { userData: 'u' }, 404, 'SnapshotNotFound'],
    ['PATCH', `/snapshots/${UNKNOWN_ID}`, {}, 400, 'BadArgument'],
    ['POST', `/snapshots/${UNKNOWN_ID}/apply`, { objectId: 'x' }, 404, 'SnapshotNotFound'],
  ])('%s %s %j: %i %s', async (method, path, json, status, code) => {
    const answer = await azure.call(method, path, json ? { json } : {});
    expect(answer.status).toBe(status);
    expect(answer.error).toMatch(new RegExp(`^${code}: `));
  });

  test('is not applied to an id that is taken, and is forgotten after 48 hours', async () => {
    await groupOf('taken', []);
    const path = await take('LargePersonGroup', 'taken');
    const refused = await azure.call('POST', `${path}/apply`, { json: { objectId: 'taken' } });
    expect(refused.error).toMatch(/^LargePersonGroupExists: /);
    nowMs += 49 * 3_600_000;
    expect((await azure.call('GET', path)).status).toBe(404);
    expect((await azure.call('POST', `${path}/apply`, { json: { objectId: 'late' } })).status).toBe(404);
  });
});

test('what a restart interrupts is unmade and said to have failed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kith-test-'));
  const options = {
    engine: service.deps.engine,
    storePath: join(dir, 'kith.db'),
    masterKey: randomBytes(32),
  };
  try {
    const before = await startService(options);
    const { store, newId, clock } = before.deps;
    const operationId = newId();
    const half = { tenantId: 'home', kind: 'person', galleryId: 'half' } as const;
    // As it is when the process ends in the middle of applying
    await store.createGallery({ ...half, name: 'half', recognitionModel: 'recognition_04', createdMs: clock.nowMs() });
    await store.insertOperation('home', {
      operationId,
      status: 'running',
      createdMs: clock.nowMs(),
      lastActionMs: clock.nowMs(),
      outcome: { resource: 'gallery', id: 'half', galleryKind: 'person' },
    });
    await before.stop();

    const after = await startService(options);
    try {
      const again = await azureHttp(after, 'v1.0');
      expect((await again.call('GET', `/operations/${operationId}`)).body).toMatchObject({ status: 'failed' });
      expect((await again.call('GET', '/persongroups/half')).status).toBe(404);
    } finally {
      await after.stop();
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});
