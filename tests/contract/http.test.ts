// The envelope around every answer: keys, permissions, versions, headers, log.
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Permission } from '../../src/core/types.ts';
import { type AzureHttp, azureHttp, checkEnvelope } from '../support/azure-http.ts';
import { startService, type TestService } from '../support/service.ts';

const VERSIONS = ['v1.0', 'v1.0-preview', 'v1.1-preview.1', 'v1.2-preview.1', 'v1.2'];
const UNAUTHENTICATED =
  '401: Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.';

let service: TestService;
let azure: AzureHttp;

beforeAll(async () => {
  service = await startService();
  azure = await azureHttp(service);
});
afterAll(() => service?.stop());

const allRoutes = () =>
  service.routes.flatMap(({ methods, url, permission }) => methods.map((method) => ({ method, url, permission })));

const filledIn = (url: string) => url.replace(/:\w+/g, 'x');

describe('a key', () => {
  test('is needed by every route but the public ones', async () => {
    const closed = allRoutes().filter(({ permission }) => permission !== 'public');
    expect(closed.length).toBeGreaterThan(250);
    const presented = [{}, { 'ocp-apim-subscription-key': 'k'.repeat(43) }, { authorization: 'Bearer nobody' }];
    await Promise.all(
      closed.map(async ({ method, url }, i) => {
        const response = await fetch(service.url + filledIn(url), { method, headers: presented[i % 3]! });
        const text = await response.text();
        expect(`${method} ${url} ${response.status}`).toBe(`${method} ${url} 401`);
        if (method === 'HEAD' || !url.startsWith('/face/')) return;
        const body = JSON.parse(text);
        checkEnvelope(response, body);
        expect(`${body.error.code}: ${body.error.message}`).toBe(UNAUTHENTICATED);
      }),
    );
  });

  test('public routes are these, and say nothing of anybody', () => {
    const open = allRoutes().filter(({ permission, method }) => permission === 'public' && method === 'GET');
    const pages = open.map(({ url }) => url).filter((url) => !/^\/assets\/[\w-]+\.(js|css|svg)$/.test(url));
    expect(pages.sort()).toEqual(
      [
        '/',
        '/.well-known/biometric-policy',
        '/health',
        '/health/ready',
        '/status.css',
        ...VERSIONS.flatMap((version) => [`/openapi/azure-${version}`, `/openapi/azure-${version}.json`]),
      ].sort(),
    );
  });

  test('is taken from either header', async () => {
    const bearer = await fetch(`${azure.baseUrl}/facelists`, { headers: { authorization: `Bearer ${service.key}` } });
    expect(bearer.status).toBe(200);
  });

  test('reaches only what its permissions say', async () => {
    const permissions: readonly Permission[] = ['admin', 'enrol', 'search', 'review', 'audit'];
    for (const held of permissions) {
      const { key } = await service.deps.keys.create({ tenantId: 'home', label: held, permissions: [held] });
      for (const { method, url, permission } of allRoutes()) {
        if (permission === 'public' || !/^(\/face\/v1\.2|\/v1|\/metrics)(\/|$)/.test(url)) continue;
        const response = await fetch(service.url + filledIn(url), {
          method,
          headers: { 'ocp-apim-subscription-key': key, authorization: `Bearer ${key}` },
        });
        const answered = `${held} ${method} ${url} ${response.status === 403}`;
        expect(answered).toBe(`${held} ${method} ${url} ${held !== 'admin' && held !== permission}`);
        await response.arrayBuffer();
      }
    }
  });

  test('is checked before the body is read', async () => {
    const { port } = new URL(service.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        // The body is announced and never sent
        socket.write('POST /face/v1.2/detect HTTP/1.1\r\nHost: kith\r\nContent-Type: application/octet-stream\r\n');
        socket.write('Content-Length: 5000000\r\n\r\n');
      });
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('an address', () => {
  test('that is nobody is answered as Azure would', async () => {
    for (const path of ['/nothing', '/detect/x', '/largepersongroups/a/b/c/d/e']) {
      expect(await azure.call('GET', path)).toMatchObject({ status: 404, error: '404: Resource not found' });
    }
    expect(await azure.call('GET', '/detect')).toMatchObject({ status: 404 });
  });

  test('outside the dialect, or malformed, has an error of the same shape', async () => {
    for (const [path, status] of [
      ['/nothing', 404],
      ['/face/v9.9/detect', 404],
      ['/face/v1.2/%zz', 400],
    ] as const) {
      const response = await fetch(service.url + path, { headers: { 'ocp-apim-subscription-key': service.key } });
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
    }
  });

  test.each(VERSIONS)('below %s reaches the same galleries', async (version) => {
    const versioned = await azureHttp(service, version);
    const id = version.replaceAll('.', '-');
    const created = await versioned.call('PUT', `/persongroups/${id}`, { json: { name: version } });
    expect(created.status).toBe(200);
    expect((await azure.call('GET', `/persongroups/${id}`)).body).toEqual({ personGroupId: id, name: version });
  });

  test('with a doubled or trailing slash is the same address', async () => {
    const headers = { 'ocp-apim-subscription-key': service.key };
    expect((await fetch(`${service.url}//face/v1.2/facelists`, { headers })).status).toBe(200);
    expect((await fetch(`${service.url}/face/v1.2/facelists/`, { headers })).status).toBe(200);
  });
});

describe('a request', () => {
  test('may say JSON where there is no body', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    await azure.call('PUT', '/persongroups/said-json', { json: { name: 'n' } });
    expect((await azure.call('GET', '/persongroups/said-json', { headers })).status).toBe(200);
    expect((await azure.call('POST', '/persongroups/said-json/train', { headers })).status).toBe(202);
    expect((await azure.call('DELETE', '/persongroups/said-json', { headers })).status).toBe(200);
  });

  test('may leave start empty; top must be 1 to 1000', async () => {
    expect((await azure.call('GET', '/persongroups', { query: { start: '', top: 1000 } })).status).toBe(200);
    for (const top of ['0', '1001', '-1', '1.5', 'x', '1e2']) {
      const answer = await azure.call('GET', '/persongroups', { query: { top } });
      expect(answer).toMatchObject({ status: 400, error: "BadArgument: 'top' is invalid." });
    }
    const long = await azure.call('GET', '/persongroups', { query: { start: 's'.repeat(65) } });
    expect(long).toMatchObject({ status: 400, error: "BadArgument: 'start' is too long." });
  });
});

function logInto(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}

test('what goes wrong inside is hidden from the caller and found in the log by its request id', async () => {
  const lines: string[] = [];
  const broken = await startService({
    log: { level: 'info', stream: logInto(lines) },
    engine: {
      ...service.deps.engine,
      analyse: async () => {
        throw new Error('could not read "Bill Gates" of 3d594650-3436-11e9-b210-d663bd873d93');
      },
      close: async () => {},
    },
  });
  try {
    const answer = await (await azureHttp(broken)).call('POST', '/detect?faceIdTimeToLive=77', {
      bytes: Buffer.alloc(5000, 'secret bytes '),
    });
    expect(answer.status).toBe(500);
    expect(answer.error).not.toContain('Bill');
    const requestId = answer.headers.get('apim-request-id') as string;
    await expect.poll(() => lines.filter((line) => line.includes(requestId)).length).toBe(2);
    const logged = lines.join('');
    expect(logged).toContain('could not read');
    expect(logged).toContain('at ');
    for (const secret of ['Bill', '3d594650', 'TimeToLive', 'secret', broken.key]) expect(logged).not.toContain(secret);
    const request = lines
      .map((line) => JSON.parse(line))
      .find(({ msg, reqId }) => msg === 'request' && reqId === requestId);
    expect(Object.keys(request).sort()).toEqual(
      ['hostname', 'level', 'method', 'ms', 'msg', 'pid', 'reqId', 'route', 'status', 'time'].sort(),
    );
    expect(request).toMatchObject({ method: 'POST', route: '/face/v1.2/detect', status: 500, reqId: requestId });
  } finally {
    await broken.stop();
  }
});

test('the work of a client that goes away is stopped, and is no fault in the log', async () => {
  const lines: string[] = [];
  let stopped: (() => void) | undefined;
  const isStopped = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const waiting = await startService({
    log: { level: 'info', stream: logInto(lines) },
    engine: {
      ...service.deps.engine,
      analyse: (_image, _options, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            stopped?.();
            reject(signal.reason);
          });
          hungUp.abort();
        }),
      close: async () => {},
    },
  });
  const hungUp = new AbortController();
  try {
    const going = fetch(`${waiting.url}/face/v1.2/detect`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': waiting.key, 'content-type': 'application/octet-stream' },
      body: Buffer.alloc(5000),
      signal: hungUp.signal,
    });
    await expect(going).rejects.toThrow(/abort/i);
    await isStopped;
    await (await fetch(`${waiting.url}/health`)).arrayBuffer();
    expect(lines.map((line) => JSON.parse(line).level)).not.toContain(50);
  } finally {
    await waiting.stop();
  }
});

test('the page at / allows nothing but itself', async () => {
  const response = await fetch(`${service.url}/`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await response.text();
  // Scripts and styles come as files of its own, and each of them is there
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style|style=|\son\w+=/);
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const url of files) {
    expect(url).toMatch(/^\/assets\//);
    const asset = await fetch(service.url + url, { headers: { 'accept-encoding': 'br' } });
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
  }
});
