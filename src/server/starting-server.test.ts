import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startStartingServer } from './starting-server.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((go) => server.once('listening', go));
  const { port } = server.address() as AddressInfo;
  await new Promise((go) => server.close(go));
  return port;
}

describe('while the service starts', () => {
  let port: number;
  let starting: Awaited<ReturnType<typeof startStartingServer>>;
  beforeEach(async () => {
    port = await freePort();
    starting = await startStartingServer({ host: '127.0.0.1', port });
  });
  afterEach(() => starting?.close());
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);

  test('it is alive and not ready, and says when to come back in each dialect’s words', async () => {
    expect((await get('/health')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(503);
    const v1 = await get('/v1/identify?gallery=club', { method: 'POST', body: new Uint8Array(200_000) });
    expect(v1.status).toBe(503);
    expect(v1.headers.get('retry-after')).toBe('2');
    expect(v1.headers.get('content-type')).toContain('problem+json');
    expect(await v1.json()).toMatchObject({ code: 'unavailable' });
    const azure = await get('/face/v1.2/detect');
    expect(azure.status).toBe(503);
    expect(await azure.json()).toMatchObject({ error: { code: 'ServiceUnavailable' } });
  });

  test('an address that is taken is left to the service to complain of', async () => {
    expect(await startStartingServer({ host: '127.0.0.1', port })).toBeUndefined();
  });

  test('it gives the address up when it is closed, whoever is connected', async () => {
    await get('/health');
    await starting?.close();
    const next = await startStartingServer({ host: '127.0.0.1', port });
    expect(next).toBeDefined();
    await next?.close();
  });
});
