// The description of each version, made from the schemas that its routes check with, and a page to read it on.
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { type OpenApiDocument, renderOpenApiPage } from './openapi-page.ts';
import { AZURE_VERSIONS, type AzureVersion, basePathOf } from './versions.ts';

/** To be called before the version's routes are added. */
export async function describeRoutes(app: FastifyInstance, version: AzureVersion): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `Azure AI Face ${version}, as Kith answers it`,
        description: "For Azure AI Face's own clients: the endpoint is this service, the key one of its own.",
        version,
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'Ocp-Apim-Subscription-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ key: [] }, { bearer: [] }],
    },
  });
}

const PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/openapi/azure-<version>.json`, and the same to read at `/openapi/azure-<version>`. No key: nothing in them is secret. */
export function addOpenApiRoutes(app: FastifyInstance, scopes: ReadonlyMap<AzureVersion, FastifyInstance>): void {
  for (const version of AZURE_VERSIONS) {
    const url = `/openapi/azure-${version}`;
    const describe = (): OpenApiDocument => scopes.get(version)?.swagger() as unknown as OpenApiDocument;
    app.get(`${url}.json`, { config: { permission: 'public' } }, async () => describe());
    app.get(url, { config: { permission: 'public' } }, async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .headers({ 'content-security-policy': PAGE_POLICY, 'x-content-type-options': 'nosniff' })
        .send(renderOpenApiPage(describe(), { basePath: basePathOf(version), versions: AZURE_VERSIONS })),
    );
  }
}
