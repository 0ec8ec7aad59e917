// A client that names, resolves to, or is sent on to the inside; and servers that take their time. A listener on
// loopback sees whatever gets through.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { INSIDE, ODD_SPELLINGS } from '../../tests/support/inside-addresses.ts';
import { KithError } from '../core/errors.ts';
import { createImageFetcher, type ImageFetcherOptions } from './image-fetcher.ts';

const UNREACHABLE = { kind: 'image-unreachable', message: 'The photo could not be fetched.' };
const SHORT = { connectMs: 300, headMs: 300, idleMs: 300, totalMs: 1500 };

let seen: string[] = [];
let answer: RequestListener;
const server = createServer((request, response) => {
  seen.push(request.url ?? '');
  answer(request, response);
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.end('inside');
});
afterEach(() => vi.unstubAllEnvs());

/** Allows everything that can be allowed but private addresses, over http, on the listener's port. */
function fetcher(options: Partial<ImageFetcherOptions> = {}) {
  return createImageFetcher({
    allowedHosts: [`photos.test:${port}`],
    maxBytes: 100_000,
    allowHttp: true,
    timeouts: SHORT,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ...options,
  });
}

async function problemOf(work: Promise<unknown>): Promise<KithError['problem']> {
  const outcome = await work.then(
    (bytes) => new Error(`fetched ${bytes}`),
    (error: unknown) => error,
  );
  if (outcome instanceof KithError) return outcome.problem;
  throw outcome;
}

const url = (path = '/') => `http://photos.test:${port}${path}`;

test('the listener is there to be reached', async () => {
  const open = fetcher({ allowPrivateAddresses: true });
  expect(Buffer.from(await open.fetchImage(url('/photo'))).toString()).toBe('inside');
  expect(seen).toEqual(['/photo']);
});

describe('an allowed name that resolves to', () => {
  test.each(INSIDE)('%s (%s) is not connected to', async (_what, address) => {
    const family = address.includes(':') ? 6 : 4;
    const alone = fetcher({ resolve: async () => [{ address, family }] });
    const besideGood = fetcher({
      resolve: async () => [
        { address: '93.184.216.34', family: 4 },
        { address, family },
      ],
    });
    for (const fetching of [alone, besideGood])
      expect(await problemOf(fetching.fetchImage(url()))).toEqual(UNREACHABLE);
    expect(seen).toEqual([]);
  });

  test.each(ODD_SPELLINGS)('"%s" is not connected to', async (address) => {
    expect(await problemOf(fetcher({ resolve: async () => [{ address, family: 4 }] }).fetchImage(url()))).toEqual(
      UNREACHABLE,
    );
    expect(seen).toEqual([]);
  });
});

describe('an address in the place of the name', () => {
  const spellings = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.',
    '①27.0.0.1',
  ];
  test.each(spellings)('%s is refused, though the operator allowed the host', async (host) => {
    const careless = fetcher({ allowedHosts: [`127.0.0.1:${port}`, `127.1:${port}`, `2130706433:${port}`] });
    expect((await problemOf(careless.fetchImage(`http://${host}:${port}/`))).kind).toBe('image-unreachable');
    expect(seen).toEqual([]);
  });

  test.each(['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[0:0:0:0:0:0:0:1]'])(
    '%s is refused, though the operator allowed the host',
    async (host) => {
      const text = `http://${host}:${port}/`;
      const careless = fetcher({ allowedHosts: [`${new URL(text).hostname}:${port}`] });
      expect(await problemOf(careless.fetchImage(text))).toEqual(UNREACHABLE);
      expect(seen).toEqual([]);
    },
  );
});

describe('a redirect is not followed', () => {
  const targets = [
    ...INSIDE.map(([what, address]) => [what, `http://${address.includes(':') ? `[${address}]` : address}/inside`]),
    ['the same host', '/inside'],
    ['another scheme', 'file:///etc/passwd'],
    ['credentials', 'http://user:secret@127.0.0.1/inside'],
  ];
  test.each(targets)('to %s (%s)', async (_what, location) => {
    const open = fetcher({ allowPrivateAddresses: true });
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (_request, response) => response.writeHead(status, { location }).end('moved');
      expect(await problemOf(open.fetchImage(url('/photo')))).toEqual(UNREACHABLE);
    }
    expect(seen).toEqual(Array.from({ length: 5 }, () => '/photo'));
  });
});

test('a resolver that changes its mind after the check is not asked again', async () => {
  let asked = 0;
  const rebinding = fetcher({
    resolve: async () => [{ address: asked++ === 0 ? '192.0.2.1' : '127.0.0.1', family: 4 }],
  });
  expect(await problemOf(rebinding.fetchImage(url()))).toEqual(UNREACHABLE);
  expect(asked).toBe(1);
  expect(await problemOf(rebinding.fetchImage(url()))).toEqual(UNREACHABLE);
  expect(seen).toEqual([]);
});

test.each(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'])(
  'the proxy of %s is not used',
  async (name) => {
    vi.stubEnv(name, `http://127.0.0.1:${port}`);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const elsewhere = fetcher({ allowedHosts: ['photos.test:1'], allowPrivateAddresses: true });
    expect(await problemOf(elsewhere.fetchImage('http://photos.test:1/'))).toEqual(UNREACHABLE);
    expect(seen).toEqual([]);
  },
);

describe('a server that takes its time is given up', () => {
  const open = () => fetcher({ allowPrivateAddresses: true });
  const waits: readonly (readonly [string, RequestListener])[] = [
    ['before the head', () => {}],
    ['within the head', (request) => request.socket.write('HTTP/1.1 200 OK\r\nx-a: ')],
    ['before the body', (_request, response) => response.writeHead(200).flushHeaders()],
    ['within the body', (_request, response) => response.write('some')],
  ];
  test.each(waits)('%s', async (_when, behave) => {
    answer = behave;
    expect(await problemOf(open().fetchImage(url()))).toEqual(UNREACHABLE);
  });

  test('byte by byte', async () => {
    answer = (_request, response) => {
      const drip = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(drip));
    };
    expect(await problemOf(open().fetchImage(url()))).toEqual(UNREACHABLE);
  });
});
