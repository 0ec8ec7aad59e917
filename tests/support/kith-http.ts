// Raw HTTP to Kith's own API.
import type { TestService } from './service.ts';

export interface KithAnswer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the test that asks says what is in it
  readonly body: any;
  readonly headers: Headers;
}

export interface KithHttp {
  call(method: string, path: string, body?: Buffer | object, headers?: Record<string, string>): Promise<KithAnswer>;
}

/** A Buffer is sent as a photo, anything else as JSON. */
export function kithHttp(service: Pick<TestService, 'url' | 'key'>): KithHttp {
  return {
    async call(method, path, body, headers = {}) {
      const isPhoto = Buffer.isBuffer(body);
      const response = await fetch(`${service.url}/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${service.key}`,
          ...(body ? { 'content-type': isPhoto ? 'image/jpeg' : 'application/json' } : {}),
          ...headers,
        },
        ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined, headers: response.headers };
    },
  };
}
