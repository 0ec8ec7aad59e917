// The machine's clock is set back by a day while the service runs: everything goes on, and the log still verifies.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { sweepExpired } from '../../src/core/operations/sweep-expired.ts';
import { type AzureHttp, azureHttp } from '../support/azure-http.ts';
import { type KithHttp, kithHttp } from '../support/kith-http.ts';
import { portraitOf } from '../support/photos.ts';
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

const people = '/galleries/club/people';
const detect = async () =>
  (
    await azure.call<{ faceId: string }[]>('POST', '/detect', {
      bytes: await portraitOf('annElsewhere'),
      query: { recognitionModel: 'recognition_04', faceIdTimeToLive: 60 },
    })
  ).body[0]?.faceId;
const identify = (faceId: string | undefined) =>
  azure.call<{ candidates: { personId: string }[] }[]>('POST', '/identify', {
    json: { faceIds: [faceId], largePersonGroupId: 'club' },
  });

test('a clock that is set back stops nothing and undoes nothing', async () => {
  await kith.call('PUT', '/galleries/club', {});
  const { personId } = (await kith.call('POST', people, { name: 'Ann' })).body;
  expect((await kith.call('POST', `${people}/${personId}/faces`, await portraitOf('ann'))).status).toBe(201);
  const bob = (await kith.call('POST', people, { name: 'Bob' })).body.personId;
  expect((await kith.call('DELETE', `${people}/${bob}`)).status).toBe(200);
  await azure.call('POST', '/largepersongroups/club/train');
  const before = await detect();

  nowMs -= DAY_MS;
  await sweepExpired(service.deps);
  expect((await identify(before)).body[0]?.candidates[0]?.personId).toBe(personId);
  const after = await detect();
  expect((await identify(after)).body[0]?.candidates[0]?.personId).toBe(personId);
  expect((await kith.call('POST', `${people}/${personId}/faces`, await portraitOf('annElsewhere'))).status).toBe(201);
  expect((await azure.call('POST', '/largepersongroups/club/train')).status).toBe(202);
  expect((await kith.call('GET', `${people}/${bob}`)).status).toBe(404);
  expect((await kith.call('GET', `${people}/${personId}`)).body.faceIds).toHaveLength(2);
  const { body: uses } = await kith.call('GET', `/audit?personId=${personId}`);
  expect(uses.records.length).toBeGreaterThan(3);

  // A probe made after it lives as long as was asked for, by the clock there is now
  nowMs += 61_000;
  await sweepExpired(service.deps);
  expect((await identify(after)).status).toBe(400);
  const { isIntact, chains } = await verifyAudit({ folder: service.auditFolder });
  expect(isIntact, JSON.stringify(chains.map(({ fault }) => fault))).toBe(true);
});
