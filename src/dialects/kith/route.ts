// How one operation of Kith's own API is mounted: key first, then body, then schemas, then the handler.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import type { KithError } from '../../core/errors.ts';
import { MAX_LOCAL_IMAGE_BYTES } from '../../core/limits.ts';
import type { Audit, Deps } from '../../core/ports.ts';
import type { KeyBounds, Permission, Principal } from '../../core/types.ts';
import { admit, bearerToken } from '../http/admit.ts';
import { type FormBody, readForm } from '../http/form-body.ts';
import { goneSignal } from '../http/gone-signal.ts';
import { type KeyScope, requireWithinBounds } from '../http/key-bounds.ts';
import type { KeySlots } from '../http/key-slots.ts';
import { outageOf } from '../http/outage.ts';
import { PAGE_HEADERS } from '../http/page-headers.ts';
import { compileCheck, type HttpPart } from '../http/schema-check.ts';
import { type ProblemAnswer, problemAnswerOf } from './errors.ts';

export interface Call<P, Q, B> {
  readonly tenantId: string;
  /** Records what is done as done by this caller. */
  readonly audit: Audit;
  /** Of the caller's key, as are its bounds. */
  readonly keyId: string;
  readonly bounds: KeyBounds | undefined;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly signal: AbortSignal;
}

interface Route<P extends TObject, Q extends TObject, A extends TSchema, B> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** In Fastify's notation, below /v1. */
  readonly path: string;
  /** One line for the API page. */
  readonly summary: string;
  readonly permission: Permission;
  /**
   * What it is about, for keys that are bound to galleries: the gallery of the path when left out, and where the path
   * names none, more than any gallery.
   */
  readonly about?: 'no-gallery' | 'listed' | ((query: Static<Q>) => string);
  readonly params?: P;
  readonly query?: Q;
  /** Schema of the body of a success; none for 204. */
  readonly answers?: A;
  /** 200 when left out, 204 without `answers`. */
  readonly success?: 201;
  handle(call: Call<Static<P>, Static<Q>, B>): Promise<A extends TSchema ? Static<A> : unknown>;
}

export interface JsonRoute<P extends TObject, Q extends TObject, B extends TSchema, A extends TSchema>
  extends Route<P, Q, A, Static<B>> {
  readonly body?: B;
  /** The answer as a page to read, for who asks for HTML. */
  readonly page?: (answer: Static<A>) => string;
}

/** A route whose body is the photo itself. */
export type PhotoRoute<P extends TObject, Q extends TObject, A extends TSchema> = Route<P, Q, A, Uint8Array>;

/** A route whose body is a form with a photo under each of these names. */
export interface PhotosRoute<P extends TObject, Q extends TObject, A extends TSchema, N extends string>
  extends Route<P, Q, A, Readonly<Record<N, Uint8Array>>> {
  readonly photos: readonly N[];
}

/** A route that answers a JPEG. */
export interface PictureRoute<P extends TObject, Q extends TObject>
  extends Omit<Route<P, Q, TSchema, undefined>, 'answers' | 'success' | 'handle'> {
  handle(call: Call<Static<P>, Static<Q>, undefined>): Promise<Uint8Array>;
}

export interface Routes {
  json<P extends TObject, Q extends TObject, B extends TSchema, A extends TSchema>(route: JsonRoute<P, Q, B, A>): void;
  photo<P extends TObject, Q extends TObject, A extends TSchema>(route: PhotoRoute<P, Q, A>): void;
  photos<P extends TObject, Q extends TObject, A extends TSchema, N extends string>(
    route: PhotosRoute<P, Q, A, N>,
  ): void;
  picture<P extends TObject, Q extends TObject>(route: PictureRoute<P, Q>): void;
}

type RouteDeps = Pick<Deps, 'keys' | 'auditLog' | 'store'> & { readonly takeSlot: KeySlots };

export function createRoutes(app: FastifyInstance, deps: RouteDeps): Routes {
  return {
    json: (route) => mount(app, deps, { ...route, bodySchema: route.body } as MountedRoute),
    photo: (route) => mount(app, deps, { ...route, isPhoto: true } as unknown as MountedRoute),
    photos: (route) => {
      // Forms are read by the routes that ask for one, and by no other
      app.register(async (scope) => {
        takeFormsOnly(scope);
        mount(scope, deps, { ...route, bodySchema: formSchema(route.photos) } as unknown as MountedRoute);
      });
    },
    picture: (route) => mount(app, deps, { ...route, answers: JPEG, isPicture: true } as unknown as MountedRoute),
  };
}

function takeFormsOnly(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('multipart/form-data', (request: FastifyRequest, stream: IncomingMessage) =>
    readForm(request.headers, stream, MAX_LOCAL_IMAGE_BYTES),
  );
  scope.setValidatorCompiler(({ schema, httpPart }) =>
    compileCheck(schema as TSchema, httpPart === 'body' ? 'form' : (httpPart as HttpPart)),
  );
}

function formSchema(photos: readonly string[]): object {
  const file = Type.Unsafe<Uint8Array>({ format: 'binary' });
  return {
    content: { 'multipart/form-data': { schema: Type.Object(Object.fromEntries(photos.map((name) => [name, file]))) } },
  };
}

const JPEG = Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary', description: 'A JPEG.' });

interface MountedRoute extends Route<TObject, TObject, TSchema, unknown> {
  readonly bodySchema?: TSchema;
  readonly photos?: readonly string[];
  readonly isPhoto?: boolean;
  readonly isPicture?: boolean;
  readonly page?: (answer: never) => string;
}

function mount(app: FastifyInstance, { keys, auditLog, store, takeSlot }: RouteDeps, route: MountedRoute): void {
  const principals = new WeakMap<FastifyRequest, Principal>();
  const success = route.answers ? (route.success ?? 200) : 204;

  app.route({
    method: route.method,
    url: route.path,
    config: { permission: route.permission },
    schema: {
      summary: route.summary,
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.bodySchema ? { body: route.bodySchema } : {}),
      response: { [success]: route.answers ?? { description: 'Done. No body.', type: 'null' } },
    },
    errorHandler: (error, request, reply) => sendProblem(error, request, reply),
    onRequest: async (request, reply) => {
      const principal = await admit(keys, bearerToken(request.headers.authorization), route.permission);
      takeSlot(principal.keyId, reply);
      principals.set(request, principal);
    },
    handler: async (request, reply) => {
      const principal = principals.get(request);
      if (!principal) throw new Error('a request came past the key check');
      if (route.isPhoto && !(request.body instanceof Uint8Array)) throw noPhoto();
      if (route.photos) requireFiles(request.body, route.photos);
      await requireWithinBounds(store, principal, scopeOf(principal, request, route));
      const answer = await route.handle({
        tenantId: principal.tenantId,
        audit: auditLog.actingAs(principal),
        keyId: principal.keyId,
        bounds: principal.bounds,
        params: request.params as never,
        query: request.query as never,
        body: request.body,
        signal: goneSignal(reply),
      });
      // Faces stay in no cache but the page that shows them
      if (route.isPicture) reply.type('image/jpeg').header('cache-control', 'private, no-store');
      if (route.page && asksForPage(request)) return reply.headers(PAGE_HEADERS).send(route.page(answer as never));
      return reply.code(success).send(route.isPicture ? Buffer.from(answer as Uint8Array) : answer);
    },
  });
}

function noPhoto(): KithError {
  return invalidArgument('body', 'malformed', 'The body is to be the photo itself, as application/octet-stream.');
}

/** The schema can't tell a file from a field's text. */
function requireFiles(body: unknown, names: readonly string[]): void {
  for (const name of names) {
    if ((body as Partial<FormBody> | undefined)?.[name] instanceof Uint8Array) continue;
    throw invalidArgument(name, 'malformed', `The body is to be a form with a photo as the file "${name}".`);
  }
}

function scopeOf({ tenantId }: Principal, request: FastifyRequest, { about }: MountedRoute): KeyScope {
  if (typeof about === 'string') return about;
  const { galleryId } = request.params as { readonly galleryId?: string };
  const named = about ? about(request.query as never) : galleryId;
  if (named === undefined) return 'tenant';
  return { gallery: { tenantId, kind: 'large-person', galleryId: named }, byReference: about !== undefined };
}

function asksForPage(request: FastifyRequest): boolean {
  const { format } = request.query as { readonly format?: string };
  return format === undefined ? /\btext\/html\b/.test(request.headers.accept ?? '') : format === 'html';
}

const UNEXPECTED: ProblemAnswer = {
  status: 500,
  code: 'internal',
  detail: 'An unexpected error happened. The requestId of this answer is in the log beside what it was.',
};

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const outage = outageOf(error);
  if (outage) request.log.warn({ err: error }, 'the machine lacks something');
  const answer = problemAnswerOf(outage ?? error) ?? httpFault(error);
  if (!answer) request.log.error({ err: error }, 'unexpected error');
  const { retryAfterS, ...body } = answer ?? UNEXPECTED;
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  return reply
    .code(body.status)
    .type('application/problem+json; charset=utf-8')
    .send({ ...body, requestId: request.id });
}

/** Fastify's own refusals of a request it could not read. */
function httpFault(error: unknown): ProblemAnswer | undefined {
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return {
      status: 415,
      code: 'media-type',
      detail: 'Send JSON as application/json, a photo as its own type, two photos as multipart/form-data.',
    };
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { status: 413, code: 'body-too-large', detail: 'The body is larger than this route takes.' };
  }
  if (
    code === 'ECONNRESET' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    (statusCode !== undefined && statusCode < 500)
  ) {
    return { status: 400, code: 'body-malformed', detail: 'The body could not be read.' };
  }
  return undefined;
}
