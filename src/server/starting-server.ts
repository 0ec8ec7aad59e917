// Answers while the service starts: a large gallery takes its time to load, and who asks meanwhile is told to come back.
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';

export interface StartingOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

const RETRY_S = 2;
const WORDS = 'The service is starting.';

/** Undefined where the address is taken, which the service itself will say. Close it before the service listens. */
export async function startStartingServer(options: StartingOptions): Promise<{ close(): Promise<void> } | undefined> {
  const server: Server = options.tls ? createHttps(options.tls, answer) : createHttp(answer);
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: options.host, port: options.port }, () => resolve(true));
  });
  if (!isListening) return undefined;
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const answer: RequestListener = (request, response) => {
  const path = request.url ?? '';
  const { status, type, body } =
    path === '/health'
      ? { status: 200, type: 'application/json', body: { status: 'ok' } }
      : path === '/health/ready'
        ? { status: 503, type: 'application/json', body: { status: 'not ready' } }
        : refusal(path);
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': `${type}; charset=utf-8`,
      'content-length': Buffer.byteLength(text),
      'retry-after': String(RETRY_S),
      connection: 'close',
    })
    .end(text);
  // Photos that are on their way are not waited for
  request.resume();
};

/** In the words of whoever would answer there. */
function refusal(path: string) {
  if (path.startsWith('/v1/')) {
    const body = { status: 503, code: 'unavailable', detail: WORDS };
    return { status: 503, type: 'application/problem+json', body };
  }
  const body = { error: { code: 'ServiceUnavailable', message: WORDS } };
  return { status: 503, type: 'application/json', body };
}
