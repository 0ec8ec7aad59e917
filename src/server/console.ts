// The console: a few static files, held in memory, that talk to /v1 with the key their user types in. A file's name is
// the route itself: nothing that a client sends is ever a path.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const FROM_SOURCE = import.meta.url.endsWith('.ts');
const FOLDER = fileURLToPath(new URL(FROM_SOURCE ? '../../dist/console/' : '../console/', import.meta.url));

/** Everything the page runs, loads and talks to comes from here; `blob:` shows photos that its user picked. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const NOT_BUILT = Buffer.from(
  '<!doctype html><title>Kith</title><p>The service is running. Its console is not built: run "npm run build".',
);

export async function addConsole(app: FastifyInstance): Promise<void> {
  const page = await readFile(join(FOLDER, 'index.html')).catch(() => NOT_BUILT);
  await addFile(app, { url: '/', type: TYPES['.html'] as string, bytes: page, isPage: true });
  const assets = await readdir(join(FOLDER, 'assets')).catch(() => []);
  for (const name of assets) {
    const type = TYPES[extname(name)];
    if (!type) continue;
    const bytes = await readFile(join(FOLDER, 'assets', name));
    await addFile(app, { url: `/assets/${name}`, type, bytes, isPage: false });
  }
}

interface ConsoleFile {
  readonly url: string;
  readonly type: string;
  readonly bytes: Buffer;
  readonly isPage: boolean;
}

async function addFile(app: FastifyInstance, { url, type, bytes, isPage }: ConsoleFile): Promise<void> {
  const compressed = await promisify(brotliCompress)(bytes);
  app.get(url, { config: { permission: 'public' } }, async (request, reply) => {
    const isCompressed = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (isCompressed) reply.header('content-encoding', 'br');
    return reply
      .type(type)
      .headers({
        // The names of assets carry a hash of what is in them
        'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        'x-content-type-options': 'nosniff',
        'content-security-policy': POLICY,
        'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      })
      .send(isCompressed ? compressed : bytes);
  });
}
