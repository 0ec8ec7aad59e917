// Requests to Kith's own API at /v1. The key goes in a header, to that one address, and nowhere else.
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Agent, FormData, request } from 'undici';
import { errorOfConnection, errorOfProblem, type ProblemBody, ServiceError } from './service-error.ts';
import type { ServiceOptions } from './service-options.ts';

export interface ServiceCall<A extends TSchema> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the address; built by `pathTo`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly json?: object;
  readonly photo?: Uint8Array;
  readonly photos?: Readonly<Record<string, Uint8Array>>;
  /** What a success answers; nothing when left out. */
  readonly answers?: A;
  /** Once more does nothing more, so that it may be sent again when the connection breaks. */
  readonly isRepeatable?: boolean;
  readonly signal?: AbortSignal;
}

export interface ServiceClient {
  readonly baseUrl: string;
  /** PEM; only who these vouch for is trusted then. */
  readonly ca?: string;
  /** Any page, once and without the key. */
  look(path: string): Promise<Answer>;
  call<A extends TSchema>(call: ServiceCall<A>): Promise<Static<A>>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** A photo may wait in the service's queue. */
const HEAD_TIMEOUT_MS = 120_000;
const IDLE_TIMEOUT_MS = 60_000;
/** More than any answer of Kith; from somebody else there might be no end. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ATTEMPTS = 8;
const MAX_WAIT_MS = 20_000;
const BROKEN_WAIT_MS = 500;

export function openServiceClient({ baseUrl, key, ca }: ServiceOptions): ServiceClient {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: HEAD_TIMEOUT_MS,
    bodyTimeout: IDLE_TIMEOUT_MS,
  });

  async function send(call: ServiceCall<TSchema>): Promise<Answer> {
    const { method, path, query = {}, json, photo, photos, signal } = call;
    const body = bodyOf(json, photo, photos);
    const {
      statusCode,
      headers,
      body: stream,
    } = await request(`${baseUrl}${path}${queryText(query)}`, {
      dispatcher: agent,
      method,
      headers: { authorization: `Bearer ${key}`, accept: 'application/json', ...body.headers },
      body: body.content,
      signal: signal ?? null,
    });
    return { status: statusCode, headers, text: await readText(stream) };
  }

  async function once<A extends TSchema>(call: ServiceCall<A>): Promise<Static<A>> {
    const answer = await send(call).catch((error: unknown) => {
      if (call.signal?.aborted || error instanceof ServiceError) throw error;
      throw errorOfConnection(error, baseUrl);
    });
    if (answer.status >= 200 && answer.status < 300) return read(answer, call.answers);
    throw failure(answer, `${call.method} ${call.path.split('?')[0]}`);
  }

  function read<A extends TSchema>({ text }: Answer, schema: A | undefined): Static<A> {
    if (!schema) return undefined as Static<A>;
    const value = parse(text);
    if (check(schema, value)) return value;
    throw new ServiceError(
      `${baseUrl} answers in a way that this kith doesn't understand: is it a Kith service, of the same version?`,
    );
  }

  function failure({ status, headers, text }: Answer, what: string): Error {
    if (status >= 300 && status < 400) {
      return new ServiceError(`${baseUrl} sends elsewhere; the key is not sent after it. Name the right address.`);
    }
    const problem = parse(text);
    if (!isProblem(problem))
      return new ServiceError(`What answers at ${baseUrl} (${status}) is no Kith service.`, { status });
    const error = errorOfProblem(problem, what);
    if (status !== 429 && status !== 503) return error;
    return new BusyError(error, waitOf(headers['retry-after']));
  }

  async function look(path: string): Promise<Answer> {
    try {
      const { statusCode, headers, body } = await request(`${baseUrl}${path}`, { dispatcher: agent });
      return { status: statusCode, headers, text: await readText(body) };
    } catch (error) {
      throw error instanceof ServiceError ? error : errorOfConnection(error, baseUrl);
    }
  }

  return {
    baseUrl,
    ...(ca === undefined ? {} : { ca }),
    look,
    async call(call) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(call);
        } catch (error) {
          const waitMs = attempt < MAX_ATTEMPTS ? waitBefore(error, call.isRepeatable === true, attempt) : undefined;
          if (waitMs === undefined) throw error instanceof BusyError ? error.said : error;
          await sleep(waitMs, call.signal);
        }
      }
    },
    close: () => agent.destroy(),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The service has too much to do just now, or lacks something for a while: nothing was done. */
class BusyError extends Error {
  readonly said: Error;
  readonly waitMs: number;

  constructor(said: Error, waitMs: number) {
    super(said.message);
    this.said = said;
    this.waitMs = waitMs;
  }
}

const BROKEN = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE', 'ECONNREFUSED']);
/** A service that restarts is back within seconds; one that isn't there at all is told sooner. */
const MAX_BROKEN_ATTEMPTS = 4;

function waitBefore(error: unknown, isRepeatable: boolean, attempt: number): number | undefined {
  if (error instanceof BusyError) return Math.min(MAX_WAIT_MS, error.waitMs * (1 + Math.random() / 4));
  const isBroken = error instanceof ServiceError && BROKEN.has(error.code ?? '');
  if (!isBroken || !isRepeatable || attempt >= MAX_BROKEN_ATTEMPTS) return undefined;
  return BROKEN_WAIT_MS * 2 ** attempt;
}

function waitOf(retryAfter: string | string[] | undefined): number {
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(100, seconds * 1000) : 1000;
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function bodyOf(
  json: object | undefined,
  photo: Uint8Array | undefined,
  photos: Readonly<Record<string, Uint8Array>> | undefined,
) {
  if (photo) return { headers: { 'content-type': 'application/octet-stream' }, content: photo };
  if (json) return { headers: { 'content-type': 'application/json' }, content: JSON.stringify(json) };
  if (!photos) return { headers: {}, content: null };
  const form = new FormData();
  for (const [name, bytes] of Object.entries(photos)) form.set(name, new Blob([new Uint8Array(bytes)]), name);
  return { headers: {}, content: form };
}

function queryText(query: NonNullable<ServiceCall<TSchema>['query']>): string {
  const set = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

async function readText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new ServiceError('The answer has no end: this is no Kith service.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const compiled = new WeakMap<TSchema, ReturnType<typeof Compile<TSchema>>>();

/** By the schema that the service itself answers by. */
function check<A extends TSchema>(schema: A, value: unknown): value is Static<A> {
  const validator = compiled.get(schema) ?? Compile(schema as TSchema);
  compiled.set(schema, validator);
  return validator.Check(value);
}

function isProblem(value: unknown): value is ProblemBody {
  const { code, detail } = (value ?? {}) as Partial<ProblemBody>;
  return typeof code === 'string' && typeof detail === 'string';
}
