import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { addHealthRoutes } from './health.ts';

function healthOf(store: () => Promise<number>, catchUp: () => Promise<void>) {
  const app = Fastify();
  addHealthRoutes(app, { store: { lastChangeNo: store }, follower: { catchUp } });
  return (path: string) => app.inject(path);
}

test('a process that answers lives; it is ready when its index follows the store', async () => {
  const get = healthOf(
    async () => 1,
    async () => undefined,
  );
  expect((await get('/health')).json()).toEqual({ status: 'ok' });
  expect((await get('/health/ready')).json()).toEqual({ status: 'ready' });
});

test('without its store it lives and is not ready', async () => {
  const get = healthOf(
    async () => {
      throw new Error('no store');
    },
    async () => undefined,
  );
  expect((await get('/health')).statusCode).toBe(200);
  expect((await get('/health/ready')).statusCode).toBe(503);
});

test('one that lags behind for long is not ready, and is asked again as if nothing had been', async () => {
  let isBehind = true;
  const get = healthOf(
    async () => 1,
    () => (isBehind ? new Promise(() => undefined) : Promise.resolve()),
  );
  expect((await get('/health/ready')).statusCode).toBe(503);
  isBehind = false;
  expect((await get('/health/ready')).statusCode).toBe(200);
});
