// What the log may hold of a request: method, the route's pattern, status, time, request id. Nothing that a client sent.
import type { Writable } from 'node:stream';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';

export interface LogOptions {
  readonly level: string;
  /** Standard output when left out. */
  readonly stream?: Writable;
}

export function loggerOptions(log: LogOptions | false): FastifyServerOptions['logger'] {
  if (!log) return false;
  return {
    level: log.level,
    ...(log.stream ? { stream: log.stream } : {}),
    // Fastify logs these objects itself in some places: only what is listed here gets through.
    serializers: {
      req: () => ({}),
      res: ({ statusCode }) => ({ statusCode }),
      err: describeError,
    },
  };
}

export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });
}

/** Where it happened and what kind it was. A message may quote what a client sent, so quoted parts are left out. */
function describeError(error: Error & { readonly code?: string }) {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return {
    type: error.name,
    code: error.code ?? '',
    message: withoutQuotes(error.message),
    stack: frames.map((line) => line.trim()).join('\n'),
  };
}

function withoutQuotes(message: string): string {
  return message
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '…')
    .slice(0, 300);
}
