import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { requireDeclaredPermissions } from './access.ts';

test.each([
  ['no config', undefined],
  ['a config without a permission', {}],
  ['a permission that does not exist', { permission: 'everybody' }],
])('a route with %s does not start', async (_name, config) => {
  const app = Fastify();
  requireDeclaredPermissions(app);
  app.register(async (scope) => {
    scope.get('/open', config ? { config } : {}, async () => 'in');
  });
  await expect(app.ready()).rejects.toThrow('GET /open does not declare the permission');
});

test('a route that declares one starts', async () => {
  const app = Fastify();
  requireDeclaredPermissions(app);
  app.get('/open', { config: { permission: 'public' } }, async () => 'in');
  app.get('/closed', { config: { permission: 'search' } }, async () => 'in');
  await app.ready();
});
