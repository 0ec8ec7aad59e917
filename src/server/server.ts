// HTTP that is nobody's dialect: limits, log, health, the console; dialects hang below their prefixes.
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions, LogController } from 'fastify';
import type { Deps } from '../core/ports.ts';
import { addAzureDialect } from '../dialects/azure/azure.ts';
import type { AzureTier } from '../dialects/azure/tiers.ts';
import { addKithDialect } from '../dialects/kith/kith.ts';
import { addBiometricPolicy, type PolicyOptions } from '../dialects/kith/policy.ts';
import type { ServiceFacts } from '../dialects/kith/status.ts';
import { packageVersion } from '../package-version.ts';
import { type DeclaredRoute, requireDeclaredPermissions } from './access.ts';
import { addConsole } from './console.ts';
import { addHealthRoutes } from './health.ts';
import { addMetrics } from './metrics.ts';
import { addPlainPageStyle } from './plain-page-style.ts';
import { watchLoad } from './recent-load.ts';
import { type LogOptions, loggerOptions, logRequests } from './request-log.ts';

export type ServerDeps = Deps;

export interface ServerOptions {
  /** PEM; without it the service speaks plain HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  readonly log: LogOptions | false;
  /** Address that clients reach this service by, when a proxy stands before it: `https://kith.example.org`. */
  readonly publicUrl?: string;
  /** Limits how often a key may call Azure's API; none when left out. */
  readonly azureTier?: AzureTier;
  readonly policy?: PolicyOptions;
  /** When the data were last backed up. */
  readonly lastBackup?: ServiceFacts['lastBackup'];
  readonly freeDiskBytes?: ServiceFacts['freeDiskBytes'];
  /** Told of every route with the permission it needs. */
  readonly onRoute?: (route: DeclaredRoute) => void;
}

/** A request's head must be there within this time, and its whole body within the next. */
const HEAD_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 120_000;
/** A connection on which nothing moves. Longer than the slowest answer. */
const IDLE_TIMEOUT_MS = 180_000;
const KEEP_ALIVE_MS = 65_000;
/** Ids are far shorter; a longer one has to reach its route to be answered in the dialect's words. */
const MAX_PARAM_LENGTH = 2048;

/** The service without its socket: call `listen`, and `close` to drain. */
export async function createServer(deps: ServerDeps, options: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify(fastifyOptions(options));
  requireDeclaredPermissions(app, options.onRoute);
  logRequests(app);
  app.setNotFoundHandler((_request, reply) => sendFault(reply, 404, 'Resource not found'));
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error }, 'unexpected error');
    return status >= 500
      ? sendFault(reply, 500, 'An unexpected error happened.')
      : sendFault(reply, status, 'The request is invalid.');
  });

  const load = watchLoad(app, deps);
  addHealthRoutes(app, deps);
  addMetrics(app, deps);
  addPlainPageStyle(app);
  addBiometricPolicy(app, deps, options.policy ?? {});
  await addConsole(app);
  addAzureDialect(app, deps, {
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.azureTier === undefined ? {} : { tier: options.azureTier }),
  });
  addKithDialect(app, deps, {
    version: packageVersion(),
    lastHour: () => load.minutes(),
    lastBackup: options.lastBackup ?? (async () => undefined),
    freeDiskBytes: options.freeDiskBytes ?? (async () => undefined),
  });
  await app.ready();
  return app;
}

function fastifyOptions({ tls, log }: ServerOptions): FastifyServerOptions {
  const nodeOptions = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const options: FastifyServerOptions = {
    logger: loggerOptions(log) ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Requests that come while the service drains are answered 503, and their connections closed.
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    frameworkErrors: (_error, _request, reply) => {
      sendFault(reply as FastifyReply, 400, 'The address is malformed.');
    },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) return;
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
      const body = JSON.stringify(fault(status.slice(0, 3), 'The request is not HTTP.'));
      socket.end(
        `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    },
  };
  return {
    ...options,
    ...(tls ? { https: { ...nodeOptions, ...tls } } : { http: nodeOptions }),
  } as FastifyServerOptions;
}

function sendFault(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send(fault(String(status), message));
}

function fault(code: string, message: string) {
  return { error: { code, message } };
}
