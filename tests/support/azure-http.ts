// Raw HTTP to one version of the Azure dialect; every answer is held against the contract's envelope and schemas.
import { Agent, type FormData, fetch, type Headers, type RequestInit, type Response } from 'undici';
import { expect } from 'vitest';
import { type AnswerCheck, answerCheck, azureSpec, type OpenApi } from './answer-schemas.ts';
import type { TestService } from './service.ts';

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly rawBody?: string;
  readonly multipart?: FormData;
}

export interface AzureAnswer<T = never> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  /** `code: message` of an error. */
  readonly error: string | undefined;
}

export interface AzureHttp {
  readonly baseUrl: string;
  // The caller says what a body holds; its shape is checked against the description.
  call<T = never>(method: string, path: string, options?: CallOptions): Promise<AzureAnswer<T>>;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `ca` is the PEM of the authority to trust, for a service over HTTPS. */
export async function azureHttp(service: TestService, version = 'v1.2', ca?: string): Promise<AzureHttp> {
  const dispatcher = ca === undefined ? {} : { dispatcher: new Agent({ connect: { ca } }) };
  const baseUrl = `${service.url}/face/${version}`;
  const own = (await (await fetch(`${service.url}/openapi/azure-${version}.json`, dispatcher)).json()) as OpenApi;
  const spec = azureSpec(version);
  const checks: AnswerCheck[] = [answerCheck(own, `/face/${version}`)];
  if (spec) checks.push(answerCheck(spec));

  return {
    baseUrl,
    async call(method, path, options = {}) {
      const response = await fetch(urlOf(baseUrl, path, options), {
        ...requestOf(service, method, options),
        ...dispatcher,
      });
      const text = await response.text();
      const body = text === '' ? undefined : JSON.parse(text);
      checkEnvelope(response, body);
      // An address that is nobody's is in no description
      if (body?.error?.code !== '404') {
        for (const check of checks) check({ method, path: path.replace(/\?.*$/, ''), status: response.status, body });
      }
      const { error } = (body ?? {}) as { error?: { code: string; message: string } };
      return {
        status: response.status,
        headers: response.headers,
        body,
        error: error ? `${error.code}: ${error.message}` : undefined,
      };
    },
  };
}

function urlOf(baseUrl: string, path: string, { query }: CallOptions): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) search.set(name, String(value));
  return `${baseUrl}${path}${query ? `?${search}` : ''}`;
}

function requestOf(service: TestService, method: string, options: CallOptions): RequestInit {
  const headers: Record<string, string> = { 'ocp-apim-subscription-key': service.key };
  if (options.json !== undefined || options.rawBody !== undefined) headers['content-type'] = 'application/json';
  if (options.bytes) headers['content-type'] = 'application/octet-stream';
  const body =
    options.bytes ??
    options.rawBody ??
    options.multipart ??
    (options.json === undefined ? null : JSON.stringify(options.json));
  return { method, headers: { ...headers, ...options.headers }, body: body as NonNullable<RequestInit['body']> | null };
}

/** What holds for every answer of the dialect, whatever was asked. */
export function checkEnvelope(
  response: Pick<Response, 'status'> & { headers: { get(name: string): string | null } },
  body: unknown,
): void {
  expect(response.headers.get('apim-request-id')).toMatch(GUID);
  if (body === undefined) {
    expect([200, 202, 204]).toContain(response.status);
    if (response.status !== 204) expect(response.headers.get('content-length')).toBe('0');
    return;
  }
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  if (response.status < 400) return;
  const { error } = body as { error: { code: string; message: string } };
  expect(Object.keys(body as object)).toEqual(['error']);
  expect(error.code).toMatch(/^[A-Za-z0-9]+$/);
  expect(error.message).not.toBe('');
  expect(response.headers.get('x-ms-error-code')).toBe(error.code);
}
