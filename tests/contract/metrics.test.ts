import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePhoto } from '../support/photos.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const get = (key?: string) =>
  fetch(`${service.url}/metrics`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } });

test('metrics are for keys that may read the audit log', async () => {
  const unknown = await get();
  expect(unknown.status).toBe(401);
  expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
  const { key: search } = await service.deps.keys.create({
    tenantId: 'home',
    label: 'search',
    permissions: ['search'],
  });
  expect((await get(search)).status).toBe(403);
  const { key: audit } = await service.deps.keys.create({
    tenantId: 'home',
    label: 'monitoring',
    permissions: ['audit'],
  });
  const answer = await get(audit);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
});

test('they count searches and tell the recall, and no id nor name of anything', async () => {
  const call = (method: string, path: string, body?: Buffer) =>
    fetch(`${service.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${service.key}`,
        'content-type': body ? 'image/jpeg' : 'application/json',
      },
      body: body ? new Uint8Array(body) : method === 'PUT' ? '{}' : null,
    });
  await call('PUT', '/galleries/canary-gallery');
  expect((await call('POST', '/identify?gallery=canary-gallery', samplePhoto(1))).status).toBe(200);
  const text = await (await get(service.key)).text();
  const numberOf = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(numberOf('kith_searches_total')).toBe((await service.deps.index.stats()).searches);
  expect(numberOf('kith_search_recall')).toBe((await service.deps.index.stats()).recall.estimate);
  expect(numberOf('kith_search_recall_lower_bound')).toBe(0);
  expect(numberOf('process_resident_memory_bytes')).toBeGreaterThan(50_000_000);
  expect(text).toContain('kith_http_request_seconds_count{method="POST",route="/v1/identify",status="200"} 1');
  expect(text).not.toContain('canary-gallery');
});

test('the status tells the load of the last hour, by the minute', async () => {
  const status = async () => {
    const answer = await fetch(`${service.url}/v1/status`, { headers: { authorization: `Bearer ${service.key}` } });
    return (await answer.json()) as { readonly lastBackup?: object; readonly lastHour: Record<string, unknown>[] };
  };
  const { lastHour, lastBackup } = await status();
  expect(lastBackup).toBeUndefined();
  expect(lastHour.length).toBeGreaterThan(0);
  // The test before this one identified somebody
  const searched = lastHour.filter(({ identifications }) => identifications === 1);
  expect(searched).toEqual([
    {
      at: expect.any(String),
      requestsPerS: expect.any(Number),
      identifications: 1,
      medianMs: expect.any(Number),
      p95Ms: expect.any(Number),
      mostQueued: expect.any(Number),
    },
  ]);
  const { medianMs, requestsPerS } = searched[0] as { medianMs: number; requestsPerS: number };
  expect(medianMs).toBeGreaterThan(5);
  expect(medianMs).toBeLessThan(60_000);
  expect(requestsPerS).toBeGreaterThan(0);
});
