// How one Azure operation is mounted: key first, then body, then schemas, then the handler; every throw in its words.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static, TNever, TObject, TSchema } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import type { Audit, Deps } from '../../core/ports.ts';
import type { KeyBounds, Permission, Principal } from '../../core/types.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { requireWithinBounds } from '../http/key-bounds.ts';
import type { KeySlots } from '../http/key-slots.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { admitAzure } from './access.ts';
import type { ErrorContext } from './errors.ts';
import { IMAGE_BODY, type ImageBody } from './image-body.ts';
import { keyScopeOf } from './key-scope.ts';
import { sendError } from './send-error.ts';
import type { AzureVersion } from './versions.ts';
import { ErrorAnswer } from './wire.ts';

/** What a handler gets: checked, typed, and nothing of HTTP that it doesn't need. */
export interface Call<P, Q, B> {
  readonly tenantId: string;
  /** Records what is done as done by this caller. */
  readonly audit: Audit;
  /** Of the caller's key. */
  readonly bounds: KeyBounds | undefined;
  readonly keyId: string;
  readonly version: AzureVersion;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** This service's address as the client knows it, with the version's base path. */
  readonly baseUrl: string;
  /** Aborts when the client goes away before it is answered. */
  readonly signal: AbortSignal;
}

export interface Answer<T> {
  /** 200 when left out. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Left out for an answer without a body. */
  readonly body?: T;
}

interface RouteBase<P extends TObject, Q extends TObject, T extends TSchema> {
  readonly method: ErrorContext['method'];
  /** In Fastify's notation, below the version's base path. */
  readonly path: string;
  readonly operation: ErrorContext['operation'];
  /** One line for the OpenAPI page. */
  readonly summary: string;
  readonly tag: string;
  readonly permission: Permission;
  /**
   * What a call is about that names no group or list, for keys that are bound to galleries: more than any gallery when
   * left out.
   */
  readonly about?: 'no-gallery' | 'listed' | ((body: unknown) => 'no-gallery' | 'tenant');
  readonly params?: P;
  readonly query?: Q;
  /** Schema of a 200's body; none where Azure sends none. */
  readonly answers?: T;
  /** The status of success where it isn't 200. */
  readonly success?: 202 | 204;
  /** Azure answers this one with 200 or 202, by what was asked. */
  readonly mayTakeTime?: boolean;
}

export interface JsonRoute<P extends TObject, Q extends TObject, B extends TSchema, T extends TSchema>
  extends RouteBase<P, Q, T> {
  readonly body?: B;
  handle(call: Call<Static<P>, Static<Q>, Static<B>>): Promise<Answer<Static<T>>>;
}

/** A route whose body is a photo, or JSON that says where one is. */
export interface ImageRoute<P extends TObject, Q extends TObject, T extends TSchema> extends RouteBase<P, Q, T> {
  /** Where it may be more than bytes or a URL. */
  readonly body?: BodyByType;
  handle(call: Call<Static<P>, Static<Q>, ImageBody>): Promise<Answer<Static<T>>>;
}

/** One schema a content type. */
export interface BodyByType {
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>;
}

/** A route whose body is a multipart form; `orJson` where the same may come as JSON. */
export interface FormRoute<B extends TObject, T extends TSchema, J extends TSchema>
  extends RouteBase<TObject, TObject, T> {
  readonly form: B;
  readonly orJson?: J;
  handle(call: Call<unknown, unknown, Static<B> | Static<J>>): Promise<Answer<Static<T>>>;
}

/** Mounts the operations of one version. */
export interface Routes {
  readonly version: AzureVersion;
  json<P extends TObject, Q extends TObject, B extends TSchema, T extends TSchema>(route: JsonRoute<P, Q, B, T>): void;
  image<P extends TObject, Q extends TObject, T extends TSchema>(route: ImageRoute<P, Q, T>): void;
  form<B extends TObject, T extends TSchema, J extends TSchema = TNever>(route: FormRoute<B, T, J>): void;
}

export interface RoutesOptions {
  readonly version: AzureVersion;
  readonly keys: Deps['keys'];
  readonly auditLog: Deps['auditLog'];
  readonly store: Deps['store'];
  readonly publicUrl?: string;
  /** None when calls are not counted. */
  readonly takeSlot: KeySlots;
  readonly limitRate?: RateLimit;
}

export function createRoutes(app: FastifyInstance, options: RoutesOptions): Routes {
  return {
    version: options.version,
    json: (route) => mount(app, options, { ...route, bodySchema: route.body } as MountedRoute),
    image: (route) => mount(app, options, { ...route, bodySchema: route.body ?? IMAGE_BODY } as MountedRoute),
    form: (route) => mount(app, options, { ...route, bodySchema: formBody(route) } as MountedRoute),
  };
}

function formBody({ form, orJson }: { readonly form: TObject; readonly orJson?: TSchema }): BodyByType {
  return {
    content: {
      'multipart/form-data': { schema: form },
      ...(orJson ? { 'application/json': { schema: orJson } } : {}),
    },
  };
}

interface MountedRoute extends RouteBase<TObject, TObject, TSchema> {
  readonly bodySchema: TSchema | BodyByType | undefined;
  handle(call: Call<unknown, unknown, unknown>): Promise<Answer<unknown>>;
}

const NO_BODY = { description: 'Done. No body.', type: 'null' };

function mount(app: FastifyInstance, options: RoutesOptions, route: MountedRoute): void {
  const context: ErrorContext = {
    operation: route.operation,
    method: route.method,
    pathIds: Object.keys(route.params?.properties ?? {}),
  };
  const { auditLog, store } = options;
  const principals = new WeakMap<FastifyRequest, Principal>();

  app.route({
    method: route.method,
    url: route.path,
    config: { permission: route.permission },
    schema: {
      summary: route.summary,
      tags: [route.tag],
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.bodySchema ? { body: route.bodySchema } : {}),
      response: {
        [route.success ?? 200]: route.answers ?? NO_BODY,
        ...(route.mayTakeTime ? { 202: NO_BODY } : {}),
        default: ErrorAnswer,
      },
    },
    errorHandler: (error, request, reply) => sendError(error, { request, reply, context }),
    onRequest: async (request, reply) => {
      const principal = await admitAzure(options.keys, request, route.permission);
      await options.limitRate?.(principal.keyId);
      options.takeSlot(principal.keyId, reply);
      principals.set(request, principal);
    },
    handler: async (request, reply) => {
      const principal = principals.get(request);
      if (!principal) throw new Error('a request came past the key check');
      // Without a content type Fastify has no schema to check a missing body with.
      if (route.bodySchema && request.body === undefined) throw invalidArgument('body', 'missing', 'A body is needed.');
      await requireWithinBounds(store, principal, keyScopeOf(principal, request, route.about));
      const answer = await route.handle({
        tenantId: principal.tenantId,
        audit: auditLog.actingAs(principal),
        bounds: principal.bounds,
        keyId: principal.keyId,
        version: options.version,
        params: request.params,
        query: request.query,
        body: request.body,
        baseUrl: `${options.publicUrl ?? ownAddress(request)}${app.prefix}`,
        signal: goneSignal(reply),
      });
      return reply
        .code(answer.status ?? route.success ?? 200)
        .headers(answer.headers ?? {})
        .send(answer.body);
    },
  });
}

/** As the client asked for it; an HTTP/1.0 client may not say, and then by the socket it came in at. */
function ownAddress({ protocol, host, socket }: FastifyRequest): string {
  return `${protocol}://${host || `${socket.localAddress}:${socket.localPort}`}`;
}
