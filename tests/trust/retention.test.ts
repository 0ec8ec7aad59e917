// Whom nobody enrolled, found or verified for as long as their gallery says is erased; others stay.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepRetention } from '../../src/core/operations/enforce-retention.ts';
import { recordsIn } from '../support/audit-records.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { type FaceName, portraitOf, samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

const DAY_MS = 86_400_000;

let service: TestService;
let kith: KithHttp;
let azure: AzureHttp;
let nowMs = Date.now();

beforeAll(async () => {
  service = await startService({ clock: { nowMs: () => nowMs } });
  kith = kithHttp(service);
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

async function enrol(galleryId: string, name: string, face: FaceName): Promise<string> {
  const { personId } = (await kith.call('POST', `/galleries/${galleryId}/people`, { name })).body;
  const path = `/galleries/${galleryId}/people/${personId}/faces?minQuality=low`;
  expect((await kith.call('POST', path, await portraitOf(face))).status).toBe(201);
  return personId;
}

const overdue = async (galleryId: string) =>
  (await kith.call('GET', `/galleries/${galleryId}/retention?dryRun=true`)).body.people.map(
    ({ name }: { name: string }) => name,
  );
const sweep = () => sweepRetention(service.deps, new AbortController().signal);

test('a search or a verification that names somebody is a use, and who had none for so long is erased', async () => {
  await kith.call('PUT', '/galleries/club', { retentionDays: 30 });
  await enrol('club', 'Ann', 'ann');
  const bobId = await enrol('club', 'Bob', 'bob');
  const cleoId = await enrol('club', 'Cleo', 'cleo');
  nowMs += 20 * DAY_MS;
  expect(await overdue('club')).toEqual([]);
  const dueBy = async (days: number) => {
    const by = new Date(nowMs + days * DAY_MS).toISOString();
    return (await kith.call('GET', `/galleries/club/retention?by=${by}`)).body.people.length;
  };
  expect([await dueBy(9), await dueBy(11)]).toEqual([0, 3]);
  expect((await kith.call('GET', '/galleries/club/retention?by=soon')).status).toBe(400);
  // Nobody is erased before their time
  const early = await kith.call('POST', `/galleries/club/retention?by=${new Date(nowMs + 11 * DAY_MS).toISOString()}`);
  expect(early.body.erased).toEqual([]);

  // Ann is in the photo, Cleo is verified, and Bob is in a photo that is searched for others only
  const seen = await kith.call('POST', '/identify?gallery=club', await portraitOf('annElsewhere'));
  expect(seen.body.faces[0].candidates[0].name).toBe('Ann');
  const found = await azure.call<{ faceId: string }[]>('POST', '/detect', {
    bytes: await portraitOf('cleo'),
    query: { recognitionModel: 'recognition_04' },
  });
  const pair = { faceId: found.body[0]?.faceId, personId: cleoId, largePersonGroupId: 'club' };
  expect((await azure.call<{ isIdentical: boolean }>('POST', '/verify', { json: pair })).body.isIdentical).toBe(true);

  nowMs += 10 * DAY_MS + 1;
  expect(await overdue('club')).toEqual(['Bob']);
  const dry = await kith.call('POST', '/galleries/club/retention?dryRun=true');
  expect(dry.body).toEqual({ erased: [], isComplete: false });
  expect((await kith.call('GET', '/galleries/club')).body.people).toBe(3);
  const applied = await kith.call('POST', '/galleries/club/retention');
  expect(applied.body).toEqual({ erased: [bobId], isComplete: true });
  expect((await kith.call('GET', `/galleries/club/people/${bobId}`)).status).toBe(404);
  expect((await kith.call('GET', '/galleries/club')).body).toMatchObject({ people: 2, faces: 2 });
});

test('the sweep goes over every tenant and kind, three years when nothing else is said', async () => {
  const other = await service.deps.keys.create({ tenantId: 'elsewhere', label: 'test', permissions: ['admin'] });
  const theirs = kithHttp({ url: service.url, key: other.key });
  await theirs.call('PUT', '/galleries/club', {});
  await theirs.call('POST', '/galleries/club/people', { name: 'Somebody' });
  const preview = await azureHttp(service, 'v1.0-preview');
  const { body: directoryPerson } = await preview.call<{ personId: string }>('POST', '/persons', {
    json: { name: 'In the directory' },
  });
  await azure.call('PUT', '/facelists/faces', { json: { name: 'Faces', recognitionModel: 'recognition_04' } });
  await azure.call('POST', '/facelists/faces/persistedfaces', { bytes: await portraitOf('dan') });

  expect((await preview.call('GET', `/persons/${directoryPerson?.personId}`)).status).toBe(200);
  nowMs += 1095 * DAY_MS;
  await sweep();
  expect((await theirs.call('GET', '/galleries/club')).body.people).toBe(1);
  nowMs += 1 * DAY_MS + 1;
  expect(await sweep()).toBe(3);
  expect((await theirs.call('GET', '/galleries/club')).body.people).toBe(0);
  expect((await preview.call('GET', `/persons/${directoryPerson?.personId}`)).status).toBe(404);
  const list = await azure.call<{ persistedFaces: unknown[] }>('GET', '/facelists/faces');
  expect(list.body.persistedFaces).toEqual([]);
  const erased = (await recordsIn(service.auditFolder)).filter(({ keyId }) => keyId === 'retention-sweep');
  expect(new Set(erased.map(({ action }) => action))).toEqual(new Set(['erase-person']));
  expect(new Set(erased.map(({ tenantId }) => tenantId))).toEqual(new Set(['home', 'elsewhere']));
});

test('a photo of somebody else is no use of them', async () => {
  await kith.call('PUT', '/galleries/quiet', { retentionDays: 1 });
  await enrol('quiet', 'Dan', 'dan');
  nowMs += DAY_MS;
  await kith.call('POST', '/identify?gallery=quiet', samplePhoto(1));
  nowMs += 1;
  expect(await overdue('quiet')).toEqual(['Dan']);
});
