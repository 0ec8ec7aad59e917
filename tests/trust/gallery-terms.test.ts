// On what terms a gallery keeps faces: said once, kept, on record, and held to.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordsIn } from '../support/audit-records.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { portraitOf } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let kith: KithHttp;
let azure: AzureHttp;

beforeAll(async () => {
  service = await startService();
  kith = kithHttp(service);
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

const TERMS = {
  purpose: 'to open the door to members',
  lawfulBasis: 'consent, GDPR Art. 9(2)(a)',
  retentionDays: 30,
  consentPolicy: 'required',
};

test('the terms of a gallery are kept, and change where asked to', async () => {
  expect((await kith.call('PUT', '/galleries/members', TERMS)).body).toMatchObject(TERMS);
  const changed = await kith.call('PATCH', '/galleries/members', { retentionDays: 60 });
  expect(changed.body).toMatchObject({ ...TERMS, retentionDays: 60 });
  expect((await kith.call('GET', '/galleries/members')).body).toEqual(changed.body);
});

test('a gallery made through Azure’s door is attested, kept for three years, and its record says so', async () => {
  await azure.call('PUT', '/largepersongroups/staff', {
    json: { name: 'Staff', recognitionModel: 'recognition_04' },
  });
  expect((await kith.call('GET', '/galleries/staff')).body).toMatchObject({
    retentionDays: 1096,
    consentPolicy: 'attested',
  });
  const made = (await recordsIn(service.auditFolder)).filter(
    ({ action, gallery }) => action === 'gallery-create' && gallery?.galleryId === 'staff',
  );
  expect(made.map(({ outcome, consentPolicy }) => [outcome, consentPolicy])).toEqual([
    ['begun', 'attested'],
    ['done', 'attested'],
  ]);
});

test.each([
  [{ retentionDays: 0 }],
  [{ retentionDays: 1.5 }],
  [{ retentionDays: 40_000 }],
  [{ consentPolicy: 'none' }],
  [{ purpose: 'x'.repeat(257) }],
])('%o is no term', async (term) => {
  expect((await kith.call('PUT', '/galleries/odd', term)).status).toBe(400);
});

test('where consent is required, no door enrols a face without it', async () => {
  const photo = await portraitOf('ann');
  await kith.call('PUT', '/galleries/strict', { consentPolicy: 'required' });
  const { personId } = (await kith.call('POST', '/galleries/strict/people', { name: 'Ann' })).body;

  const own = await kith.call('POST', `/galleries/strict/people/${personId}/faces?minQuality=low`, photo);
  expect([own.status, own.body.code]).toEqual([403, 'consent-required']);
  const path = `/largepersongroups/strict/persons/${personId}/persistedfaces`;
  const theirs = await azure.call('POST', path, { bytes: photo });
  expect([theirs.status, theirs.error]).toEqual([403, expect.stringMatching(/^ConsentRequired: /)]);
  expect((await kith.call('GET', '/galleries/strict')).body).toMatchObject({ people: 1, faces: 0 });
});

test('consent can’t come to be required of people who were enrolled on somebody’s word', async () => {
  await kith.call('PUT', '/galleries/lax', {});
  const { personId } = (await kith.call('POST', '/galleries/lax/people', { name: 'Ann' })).body;
  await kith.call('POST', `/galleries/lax/people/${personId}/faces?minQuality=low`, await portraitOf('ann'));
  const refused = await kith.call('PATCH', '/galleries/lax', { consentPolicy: 'required' });
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
  expect((await kith.call('GET', '/galleries/lax')).body.consentPolicy).toBe('attested');
});
