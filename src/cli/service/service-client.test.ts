import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Type from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import { pathTo } from './path-to.ts';
import { openServiceClient, type ServiceClient } from './service-client.ts';

const KEY = 'kith_0123456789abcdef';
const Pong = Type.Object({ pong: Type.String() });
const ping = { method: 'GET', path: '/v1/ping', answers: Pong } as const;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const part of open.splice(0)) await part.close();
});

/** Somebody who answers the requests one after the other; the last answer again and again. */
async function serviceThat(...answers: readonly ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume();
    answers[Math.min(seen.length, answers.length) - 1]?.(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client: ServiceClient = openServiceClient({ baseUrl: `http://127.0.0.1:${port}`, key: KEY });
  open.push(client, { close: () => server.closeAllConnections() }, { close: () => server.close() });
  return { client, seen, server, port };
}

const json =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const problem = (status: number, code: string, headers?: Readonly<Record<string, string>>) =>
  json(status, { status, code, detail: `It is ${code}.`, requestId: 'r1' }, headers);
const hangUp = (_: IncomingMessage, response: ServerResponse) => {
  response.destroy();
};

test('the key goes in its header, and a busy service is asked again after the time it says', async () => {
  const busy = problem(503, 'busy', { 'retry-after': '0' });
  const { client, seen } = await serviceThat(
    busy,
    problem(429, 'busy', { 'retry-after': '0' }),
    json(200, { pong: 'x' }),
  );
  expect(await client.call(ping)).toEqual({ pong: 'x' });
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(`Bearer ${KEY}`));
  expect(seen.map(({ url }) => url)).toEqual(Array(3).fill('/v1/ping'));
});

test('a broken connection is tried again only for what may come twice', async () => {
  const patient = await serviceThat(hangUp, json(200, { pong: 'x' }));
  expect(await patient.client.call({ ...ping, isRepeatable: true })).toEqual({ pong: 'x' });
  const strict = await serviceThat(hangUp, json(200, { pong: 'x' }));
  await expect(strict.client.call({ ...ping, method: 'POST' })).rejects.toThrow(/broke off the connection/);
  expect(strict.seen).toHaveLength(1);
});

test('the key follows no redirect', async () => {
  const elsewhere = await serviceThat(json(200, { pong: 'stolen' }));
  const location = `http://127.0.0.1:${elsewhere.port}/v1/ping`;
  const { client } = await serviceThat(json(307, {}, { location }));
  await expect(client.call(ping)).rejects.toThrow(/sends elsewhere/);
  expect(elsewhere.seen).toEqual([]);
});

describe('what is no answer of Kith ends in a sentence', () => {
  test.each([
    [
      'a page',
      (_: IncomingMessage, response: ServerResponse) => response.end('<h1>It works!</h1>'),
      /doesn't understand/,
    ],
    ['another shape', json(200, { pong: 7 }), /doesn't understand/],
    [
      "a proxy's error",
      (_: IncomingMessage, response: ServerResponse) => response.writeHead(502).end('<html>'),
      /no Kith/,
    ],
    ['an unknown key', problem(401, 'unauthenticated'), /does not know this key/],
    ['an older service', problem(404, 'operation-not-found'), /does not know GET \/v1\/ping: it is older/],
    ['a refusal', problem(403, 'forbidden'), /It is forbidden\./],
    ['a fault', problem(500, 'internal'), /its log says what, at request r1/],
  ])('%s', async (_, answer, sentence) => {
    const { client } = await serviceThat(answer);
    await expect(client.call(ping)).rejects.toThrow(sentence);
  });

  test('an answer without an end', async () => {
    const { client } = await serviceThat((_, response) => {
      const piece = Buffer.alloc(1024 * 1024, 'x');
      const pour = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', pour);
      pour();
    });
    await expect(client.call(ping)).rejects.toThrow(/no end/);
  });

  test('nobody at all', async () => {
    const { client, server } = await serviceThat();
    server.close();
    await expect(client.call(ping)).rejects.toThrow(/Nothing listens at/);
  });

  test('one who takes TLS for nonsense', async () => {
    const { port } = await serviceThat();
    const client = openServiceClient({ baseUrl: `https://127.0.0.1:${port}`, key: KEY });
    open.push(client);
    await expect(client.call(ping)).rejects.toThrow(/doesn't speak TLS|broke off/);
  });
});

test('photos refused by the service are refused as those looked at here', async () => {
  const { client } = await serviceThat(problem(422, 'image-several-faces'));
  await expect(client.call(ping)).rejects.toMatchObject({
    problem: { kind: 'image-unusable', fault: 'several-faces' },
  });
  const full = await serviceThat(
    json(403, { status: 403, code: 'limit-exceeded', detail: 'Full.', limit: 'enrolments' }),
  );
  await expect(full.client.call(ping)).rejects.toMatchObject({ problem: { limit: 'enrolments' } });
});

test('no id leads to another path', () => {
  expect(pathTo('galleries', 'a/../../keys', 'people')).toBe('/v1/galleries/a%2F..%2F..%2Fkeys/people');
  for (const id of ['..', '.', '']) expect(() => pathTo('galleries', id, 'people')).toThrow(/An id is empty/);
});
