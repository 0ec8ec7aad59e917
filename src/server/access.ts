import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Permission } from '../core/types.ts';

/** What a route's `config.permission` may say: who may use it, or that it needs no key. */
export type RoutePermission = Permission | 'public';

export interface DeclaredRoute {
  readonly methods: readonly string[];
  readonly url: string;
  readonly permission: RoutePermission;
  /** Of its path, query and body, as JSON Schema, where it has any. */
  readonly schema?: FastifySchema;
}

const ROUTE_PERMISSIONS: readonly RoutePermission[] = ['public', 'admin', 'enrol', 'search', 'review', 'audit'];

/** From here on, a route that doesn't declare who may use it can't be added, so the service doesn't start with it. */
export function requireDeclaredPermissions(app: FastifyInstance, onRoute?: (route: DeclaredRoute) => void): void {
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    const declared = (config as { readonly permission?: unknown } | undefined)?.permission;
    const permission = ROUTE_PERMISSIONS.find((known) => known === declared);
    if (!permission) throw new Error(`The route ${method} ${url} does not declare the permission it needs.`);
    onRoute?.({ methods: [method].flat(), url, permission, ...(schema ? { schema } : {}) });
  });
}
