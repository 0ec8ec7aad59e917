import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { FaceEngine } from '../core/ports.ts';
import type { ModelPack } from '../core/types.ts';

/** Nothing but this page's own style runs or loads. */
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/` says what runs here, and nothing about whom it knows: it needs no key. */
export function addStatusPage(app: FastifyInstance, deps: { readonly engine: Pick<FaceEngine, 'packs'> }): void {
  const page = renderStatusPage(packageVersion(), deps.engine.packs);
  app.get('/', { config: { permission: 'public' } }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      .send(page),
  );
  app.get('/status.css', { config: { permission: 'public' } }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('x-content-type-options', 'nosniff').send(STYLE),
  );
}

export function renderStatusPage(version: string, packs: readonly ModelPack[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kith</title>
<link rel="stylesheet" href="/status.css">
</head>
<body>
<main>
<h1>Kith</h1>
<p>Private face identification, version ${escapeHtml(version)}. The service is running.</p>
<h2>Models</h2>
<table>
<thead><tr><th scope="col">Pack</th><th scope="col">Version</th><th scope="col">Licence of the weights</th><th scope="col">Training data</th></tr></thead>
<tbody>
${packs.map(packRow).join('\n')}
</tbody>
</table>
<h2>Use it</h2>
<ul>
<li>Azure AI Face clients: set the endpoint to this address and the key to one of yours.</li>
<li><a href="/openapi/azure-v1.2.json">OpenAPI description</a></li>
<li><a href="/health/ready">Readiness</a></li>
</ul>
</main>
</body>
</html>
`;
}

function packRow(pack: ModelPack): string {
  const cells = [pack.packId, pack.version, pack.weightsLicence, pack.trainingData];
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

const STYLE = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
`;
