// Tiers: how often a key may call, and how Azure's clients wait.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaceEngine } from '../../src/core/ports.ts';
import { newerClient } from '../support/azure-clients.ts';
import { azureHttp } from '../support/azure-http.ts';
import { startSecureService, startService, type TestService } from '../support/service.ts';

// Nothing here has a photo to look at
const engine: FaceEngine = {
  packs: [],
  analyse: () => Promise.reject(new Error('no photo was expected')),
  close: async () => {},
};

let service: TestService;
let ca: string;

beforeAll(async () => {
  ({ service, ca } = await startSecureService({ engine, azureTier: 'S0', publicUrl: 'https://kith.example.org' }));
});
afterAll(() => service?.stop());

test('S0: calls beyond ten a second are told to wait, and another key is not', async () => {
  const azure = await azureHttp(service, 'v1.2', ca);
  const other = await service.deps.keys.create({ tenantId: 'home', label: 'other', permissions: ['search'] });
  // Far more at once than a slow machine could spread over the seconds they would need
  const answers = await Promise.all(Array.from({ length: 60 }, () => azure.call('GET', '/facelists')));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  for (const { error, headers } of refused) {
    expect(error).toBe('429: Rate limit is exceeded.');
    expect(headers.get('retry-after')).toBe('1');
  }
  const otherKey = await azureHttp({ ...service, key: other.key }, 'v1.2', ca);
  expect((await otherKey.call('GET', '/facelists')).status).toBe(200);
});

test('the client waits as it is told and comes through', async () => {
  const client = newerClient({ ...service, ca });
  const answers = await Promise.all(Array.from({ length: 15 }, () => client.path('/facelists').get()));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['200']));
});

test('F0: twenty calls a minute, of all versions together', async () => {
  const free = await startService({ engine, azureTier: 'F0' });
  try {
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) {
      const azure = await azureHttp(free, i % 2 === 0 ? 'v1.0' : 'v1.2');
      const { status, headers } = await azure.call('GET', '/persongroups');
      statuses.push(status);
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(30);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.slice(20)).toEqual([429, 429]);
  } finally {
    await free.stop();
  }
});

test('behind a proxy, where to ask next is named by its address', async () => {
  const azure = await azureHttp(service, 'v1.1-preview.1', ca);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const created = await azure.call('POST', '/persons', { json: { name: 'Ann' } });
  for (const name of ['operation-location', 'location']) {
    expect(created.headers.get(name)).toMatch(
      /^https:\/\/kith\.example\.org\/face\/v1\.1-preview\.1\/(operations|persons)\//,
    );
  }
});
