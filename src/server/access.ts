import type { FastifyInstance } from 'fastify';
import type { Permission } from '../core/types.ts';

/** What a route's `config.permission` may say: who may use it, or that it needs no key. */
export type RoutePermission = Permission | 'public';

const ROUTE_PERMISSIONS: ReadonlySet<unknown> = new Set<RoutePermission>([
  'public',
  'admin',
  'enrol',
  'search',
  'review',
  'audit',
]);

/** From here on, a route that doesn't declare who may use it can't be added, so the service doesn't start with it. */
export function requireDeclaredPermissions(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const permission = (config as { readonly permission?: unknown } | undefined)?.permission;
    if (!ROUTE_PERMISSIONS.has(permission)) {
      throw new Error(`The route ${method} ${url} does not declare the permission it needs.`);
    }
  });
}
