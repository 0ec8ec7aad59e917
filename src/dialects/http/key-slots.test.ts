import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { createKeySlots } from './key-slots.ts';

test('a key has so many requests under way; one that ends, or whose client goes, makes room', async () => {
  const app = Fastify();
  const takeSlot = createKeySlots(2);
  let finish: (() => void)[] = [];
  let gone = 0;
  app.get('/:key', async (request, reply) => {
    takeSlot((request.params as { key: string }).key, reply);
    reply.raw.once('close', () => gone++);
    await new Promise<void>((go) => finish.push(go));
    return 'done';
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const first = fetch(`${url}/a`);
  const going = new AbortController();
  const second = fetch(`${url}/a`, { signal: going.signal }).catch(() => undefined);
  await expect.poll(() => finish.length).toBe(2);
  expect((await fetch(`${url}/a`)).status).toBe(500);
  const other = fetch(`${url}/b`);
  await expect.poll(() => finish.length).toBe(3);

  going.abort();
  await second;
  await expect.poll(() => gone).toBe(1);
  const again = fetch(`${url}/a`);
  await expect.poll(() => finish.length).toBe(4);
  for (const go of finish) go();
  finish = [];
  for (const answer of [first, other, again]) expect((await answer).status).toBe(200);
  await app.close();
});
