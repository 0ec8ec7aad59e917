import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../cli/certificates.ts';
import { KithError } from '../core/errors.ts';
import { createImageFetcher, type ImageFetcherOptions } from './image-fetcher.ts';

const PHOTO = randomBytes(50_000);
let certificates: Certificates;
let server: Server;
let port: number;
let inner: Server;
let innerPort: number;
/** What reached the two listeners. */
const seen: string[] = [];

const routes: Record<string, RequestListener> = {
  '/photo.jpg': (_request, response) => response.end(PHOTO),
  '/slow-but-fine': (_request, response) => {
    response.write(PHOTO.subarray(0, 1000));
    setTimeout(() => response.end(PHOTO.subarray(1000)), 50);
  },
  '/too-big': (_request, response) => response.end(Buffer.alloc(200_000)),
  '/too-big-chunked': (_request, response) => {
    for (let i = 0; i < 20; i++) response.write(Buffer.alloc(10_000));
    response.end();
  },
  '/endless': (_request, response) => {
    const pump = () => {
      while (!response.destroyed && response.write(Buffer.alloc(10_000)));
    };
    response.on('drain', pump);
    pump();
  },
  '/cut-off': (_request, response) => {
    response.writeHead(200, { 'content-length': String(PHOTO.length) });
    response.write(PHOTO.subarray(0, 100), () => response.destroy());
  },
  '/not-there': (_request, response) => response.writeHead(404).end('secret inside'),
  '/to-inside': (_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${innerPort}/` }).end(),
  '/to-itself': (_request, response) => response.writeHead(301, { location: '/photo.jpg' }).end(),
  '/headers': (_request, response) => {
    response.setHeader('x-large', 'x'.repeat(60_000));
    response.end(PHOTO);
  },
};

beforeAll(async () => {
  certificates = await makeCertificates({ hosts: ['photos.test', 'inside.test'] });
  const listener: RequestListener = (request, response) => {
    seen.push(`${request.headers.host}${request.url}`);
    (routes[request.url ?? ''] ?? ((_, answer) => answer.writeHead(404).end()))(request, response);
  };
  server = createServer(certificates.server, listener);
  inner = createHttpServer((request, response) => {
    seen.push(`inner ${request.url}`);
    response.end(PHOTO);
  });
  port = await listen(server);
  innerPort = await listen(inner);
});
afterAll(() => {
  server.close();
  inner.close();
  server.closeAllConnections();
  inner.closeAllConnections();
});

async function listen(listening: Server): Promise<number> {
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

function fetcher(options: Partial<ImageFetcherOptions> = {}) {
  return createImageFetcher({
    allowedHosts: [`photos.test:${port}`],
    maxBytes: 100_000,
    allowPrivateAddresses: true,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ca: certificates.ca.cert,
    ...options,
  });
}

async function refusal(work: Promise<unknown>): Promise<KithError['problem']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof KithError) return error.problem;
  throw new Error(`not refused, but: ${error}`);
}

const url = (path: string) => `https://photos.test:${port}${path}`;

describe('from an allowed host', () => {
  test.each(['/photo.jpg', '/slow-but-fine'])('%s is fetched, under its own name', async (path) => {
    expect(Buffer.from(await fetcher().fetchImage(url(path)))).toEqual(PHOTO);
    expect(seen).toContain(`photos.test:${port}${path}`);
  });

  test.each(['/too-big', '/too-big-chunked', '/endless'])('%s is given up at the limit', async (path) => {
    expect(await refusal(fetcher().fetchImage(url(path)))).toMatchObject({ fault: 'too-many-bytes' });
  });

  test('everything else that goes wrong has one answer', async () => {
    const answers = await Promise.all([
      ...['/cut-off', '/not-there', '/to-inside', '/to-itself', '/headers'].map((path) =>
        refusal(fetcher().fetchImage(url(path))),
      ),
      refusal(fetcher({ resolve: async () => [] }).fetchImage(url('/photo.jpg'))),
      refusal(
        fetcher({ resolve: () => Promise.reject(new Error('ENOTFOUND inside.corp')) }).fetchImage(url('/photo.jpg')),
      ),
      refusal(fetcher({ allowPrivateAddresses: false }).fetchImage(url('/photo.jpg'))),
      refusal(
        fetcher({
          resolve: async () => [{ address: '127.0.0.1', family: 4 }],
          allowedHosts: ['photos.test:1'],
        }).fetchImage('https://photos.test:1/'),
      ),
      // A certificate that nobody vouches for
      refusal(
        createImageFetcher({
          allowedHosts: [`photos.test:${port}`],
          maxBytes: 9e4,
          allowPrivateAddresses: true,
          resolve: async () => [{ address: '127.0.0.1', family: 4 }],
        }).fetchImage(url('/photo.jpg')),
      ),
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ kind: 'image-unreachable', message: 'The photo could not be fetched.' })]),
    );
    expect(seen.filter((line) => line.startsWith('inner'))).toEqual([]);
  });

  test('a client that goes away ends it', async () => {
    const controller = new AbortController();
    const fetching = fetcher({ maxBytes: 1e12 }).fetchImage(url('/endless'), controller.signal);
    setTimeout(() => controller.abort(), 30);
    await expect(fetching).rejects.toThrow();
  });
});

describe('a resolver that is not to be trusted', () => {
  test('one inside address among good ones spoils the host', async () => {
    const before = seen.length;
    const mixed = fetcher({
      allowPrivateAddresses: false,
      resolve: async () => [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    });
    expect(await refusal(mixed.fetchImage(url('/photo.jpg')))).toMatchObject({ kind: 'image-unreachable' });
    expect(seen).toHaveLength(before);
  });

  test('it is asked once a fetch, and the connection goes to what was checked', async () => {
    let asked = 0;
    const rebinding = fetcher({
      resolve: async () => {
        asked++;
        return [{ address: '127.0.0.1', family: 4 }];
      },
    });
    await rebinding.fetchImage(url('/photo.jpg'));
    expect(asked).toBe(1);
    await rebinding.fetchImage(url('/photo.jpg'));
    expect(asked).toBe(2);
  });
});

describe('before anything is looked up', () => {
  const never = (options: Partial<ImageFetcherOptions> = {}) =>
    fetcher({
      resolve: () => {
        throw new Error('looked up');
      },
      ...options,
    });

  test('without allowed hosts every URL is refused', async () => {
    const problem = await refusal(never({ allowedHosts: [] }).fetchImage(url('/photo.jpg')));
    expect(problem).toMatchObject({ kind: 'image-unreachable', message: expect.stringContaining('switched off') });
  });

  test.each([
    'http://photos.test/photo.jpg',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'ftp://photos.test/',
    'gopher://photos.test/',
    'javascript:alert(1)',
    'https://user:secret@photos.test/',
    'https://user@photos.test/',
    'not a url',
    '',
    '//photos.test/photo.jpg',
    'https://',
    'https://photos.test:99999/',
    `https://photos.test/${'a'.repeat(3000)}`,
  ])('%s is not a URL to fetch', async (text) => {
    expect(await refusal(never({ allowedHosts: ['photos.test'] }).fetchImage(text))).toMatchObject({ argument: 'url' });
  });

  test.each([
    'https://other.test/',
    'https://photos.test.evil.test/',
    'https://evilphotos.test/',
    'https://photos.test:8443/',
    'https://photos.test./',
    'https://sub.photos.test/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://photos.test@evil.test/',
    'https://wild.test/',
    'https://xwild.test/',
    'https://.wild.test/',
  ])('%s is not an allowed host', async (text) => {
    const problem = await refusal(never({ allowedHosts: ['photos.test', '*.wild.test'] }).fetchImage(text));
    expect(['image-unreachable', 'invalid-argument']).toContain(problem.kind);
  });

  test.each(['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://127.1/'])(
    '%s is refused even if an operator allowed the address by mistake',
    async (text) => {
      const problem = await refusal(
        never({ allowedHosts: ['127.0.0.1'], allowPrivateAddresses: false }).fetchImage(text),
      );
      expect(problem).toMatchObject({ kind: 'image-unreachable', message: 'The photo could not be fetched.' });
    },
  );
});

test.each(['https://x', 'a/b', '*', '*.', 'a b', 'host:port', '*.[::1]', ''])('"%s" is not a host rule', (text) => {
  expect(() => createImageFetcher({ allowedHosts: [text], maxBytes: 1 })).toThrow(/is not a host/);
});
