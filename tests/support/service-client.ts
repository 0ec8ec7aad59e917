// A client of a service in another process, which may die at any moment.
export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the service's JSON, looked at by the test
  readonly json: any;
}

/** Undefined when the service died before it answered. */
export type Send = (method: string, path: string, body?: object | Buffer, key?: string) => Promise<Answer | undefined>;

export function clientOf(port: number, ownKey: string): Send {
  return async (method, path, body, key = ownKey) => {
    const isPhoto = Buffer.isBuffer(body);
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'ocp-apim-subscription-key': key,
          ...(body ? { 'content-type': isPhoto ? 'application/octet-stream' : 'application/json' } : {}),
        },
        ...(body ? { body: isPhoto ? new Uint8Array(body) : JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      return { status: response.status, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {} };
    } catch {
      return undefined;
    }
  };
}
