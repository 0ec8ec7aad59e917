import type { FastifyInstance } from 'fastify';
import { admitAzure } from './access.ts';
import type { ErrorContext } from './errors.ts';
import type { RoutesOptions } from './route.ts';
import { sendAzureError, sendError } from './send-error.ts';
import type { AzureVersion } from './versions.ts';

interface Missing {
  readonly method: ErrorContext['method'];
  readonly path: string;
  readonly versions: readonly AzureVersion[];
}

/** What Azure has and Kith doesn't answer yet: said so, instead of a 404 that could mean anything. */
export const NOT_IMPLEMENTED: readonly Missing[] = [
  ...missing(['v1.0'], {
    '/operations/:operationId': ['GET'],
    '/snapshots': ['POST', 'GET'],
    '/snapshots/:snapshotId': ['GET', 'PATCH', 'DELETE'],
    '/snapshots/:snapshotId/apply': ['POST'],
  }),
];

function missing(
  versions: readonly AzureVersion[],
  paths: Readonly<Record<string, readonly ErrorContext['method'][]>>,
): Missing[] {
  return Object.entries(paths).flatMap(([path, methods]) => methods.map((method) => ({ method, path, versions })));
}

export function addNotImplementedRoutes(app: FastifyInstance, { version, keys }: RoutesOptions): void {
  for (const { method, path, versions } of NOT_IMPLEMENTED) {
    if (!versions.includes(version)) continue;
    const context: ErrorContext = { operation: 'container', method, pathIds: [] };
    app.route({
      method,
      url: path,
      config: { permission: 'search' },
      schema: { hide: true },
      errorHandler: (error, request, reply) => sendError(error, { request, reply, context }),
      onRequest: async (request, reply) => {
        await admitAzure(keys, request, 'search');
        // Before the body is read: whatever it is, the answer is the same.
        return sendAzureError(reply, {
          status: 501,
          code: 'NotImplemented',
          message: `Kith does not answer ${method} ${path} yet.`,
        });
      },
      handler: () => undefined,
    });
  }
}
