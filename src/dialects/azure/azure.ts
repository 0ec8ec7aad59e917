// Azure AI Face as one Fastify plugin a version: its own parsers, checks, error answers and not-found answer.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import type { Deps } from '../../core/ports.ts';
import { createKeySlots } from '../http/key-slots.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { compileCheck, type HttpPart } from '../http/schema-check.ts';
import { addBodyParsers } from './bodies.ts';
import { FACE_LIST, LARGE_FACE_LIST, LARGE_PERSON_GROUP, PERSON_GROUP } from './container-words.ts';
import { addContainerRoutes, addGetContainerRoute, addListContainersRoute } from './containers.ts';
import { addDetectRoute } from './detect.ts';
import { addDirectoryFaceRoutes } from './directory-faces.ts';
import { addDirectoryPersonRoutes } from './directory-persons.ts';
import { addDynamicGroupRoutes } from './dynamic-groups.ts';
import { addFaceListReadingRoutes, addLargeFaceListFaceRoutes, addListedFaceRoutes } from './face-lists.ts';
import { addFindSimilarRoute } from './find-similar.ts';
import { addGroupRoute } from './group.ts';
import { addIdentifyRoute } from './identify.ts';
import { addPreviewSessionRoutes, addPreviewVerifySessionRoutes } from './liveness-preview.ts';
import { addLivenessSessionRoutes, addSessionImageRoute, addVerifySessionRoutes } from './liveness-sessions.ts';
import { addOpenApiRoutes, describeRoutes } from './openapi.ts';
import { addOperationRoute } from './operations.ts';
import { addPersonFaceRoutes } from './person-faces.ts';
import { addPersonRoutes } from './persons.ts';
import { createRoutes, type Routes, type RoutesOptions } from './route.ts';
import { sendAzureError } from './send-error.ts';
import { addSnapshotRoutes } from './snapshots.ts';
import { AZURE_TIERS, type AzureTier } from './tiers.ts';
import { addTrainingRoutes } from './training.ts';
import { addVerifyRoute } from './verify.ts';
import { AZURE_VERSIONS, type AzureVersion, basePathOf } from './versions.ts';

/** What Fastify asks a check for; its own type leaves out the content type of a body. */
interface ValidatorRequest {
  readonly schema: TSchema;
  readonly httpPart: HttpPart;
  readonly contentType?: string;
}

/** Azure had the person directory in its previews only; to search in it goes on in v1.2. */
const PERSON_DIRECTORY_VERSIONS: readonly AzureVersion[] = ['v1.0-preview', 'v1.1-preview.1', 'v1.2-preview.1'];

export interface AzureDialectOptions {
  /** Address that clients reach this service by, when it isn't the one they asked; without a slash at its end. */
  readonly publicUrl?: string;
  /** Limits each key as this tier of Azure's would; none when left out. */
  readonly tier?: AzureTier;
}

/** Mounts every version below its base path. */
export function addAzureDialect(app: FastifyInstance, deps: Deps, options: AzureDialectOptions): void {
  const { tier, ...others } = options;
  // One count for all versions: they are one service.
  const takeSlot = createKeySlots();
  const mounted = { ...others, takeSlot, ...(tier ? { limitRate: createRateLimit(AZURE_TIERS[tier]) } : {}) };
  const scopes = new Map<AzureVersion, FastifyInstance>();
  for (const version of AZURE_VERSIONS) {
    const mount = async (scope: FastifyInstance) => {
      await mountVersion(scope, deps, { version, ...mounted });
      scopes.set(version, scope);
    };
    app.register(mount, { prefix: basePathOf(version) });
  }
  addOpenApiRoutes(app, scopes);
}

async function mountVersion(
  app: FastifyInstance,
  deps: Deps,
  options: Omit<RoutesOptions, 'keys' | 'auditLog' | 'store'>,
): Promise<void> {
  await describeRoutes(app, options.version);
  addBodyParsers(app);
  app.setValidatorCompiler((request) => {
    const { schema, httpPart, contentType } = request as ValidatorRequest;
    return compileCheck(schema, contentType === 'multipart/form-data' ? 'form' : httpPart);
  });
  // Answers are typed where they are made; their schemas are for the OpenAPI page and the tests.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook('onSend', async (request, reply, payload) => {
    reply.header('apim-request-id', request.id);
    reply.header('x-envoy-upstream-service-time', Math.round(reply.elapsedTime));
    return payload;
  });
  const notFound = (reply: FastifyReply) =>
    sendAzureError(reply, { status: 404, code: '404', message: 'Resource not found' });
  app.setNotFoundHandler((_request, reply) => notFound(reply));
  // Before the body is read: whatever it is, there is nothing here.
  app.addHook('onRequest', async (request, reply) => (request.is404 ? notFound(reply) : undefined));
  addOperations(createRoutes(app, { ...options, keys: deps.keys, auditLog: deps.auditLog, store: deps.store }), deps);
}

function addOperations(routes: Routes, deps: Deps): void {
  addFaceRoutes(routes, deps);
  addContainerFamilies(routes, deps);
  if (PERSON_DIRECTORY_VERSIONS.includes(routes.version)) {
    addDirectoryPersonRoutes(routes, deps);
    addDirectoryFaceRoutes(routes, deps);
    addDynamicGroupRoutes(routes, deps);
    addOperationRoute(routes, deps);
  }
  if (routes.version === 'v1.0') {
    addSnapshotRoutes(routes, deps);
    addOperationRoute(routes, deps);
  }
  if (routes.version === 'v1.1-preview.1' || routes.version === 'v1.2-preview.1') {
    addPreviewSessionRoutes(routes, deps);
    addPreviewVerifySessionRoutes(routes, deps);
  }
  if (routes.version === 'v1.2-preview.1') addSessionImageRoute(routes, '/session/sessionImages/:sessionImageId');
  if (routes.version === 'v1.2') {
    addLivenessSessionRoutes(routes, deps);
    addVerifySessionRoutes(routes, deps);
    addSessionImageRoute(routes, '/sessionImages/:sessionImageId');
  }
}

function addFaceRoutes(routes: Routes, deps: Deps): void {
  addDetectRoute(routes, deps);
  addIdentifyRoute(routes, deps);
  addVerifyRoute(routes, deps);
  addFindSimilarRoute(routes, deps);
  addGroupRoute(routes, deps);
}

function addContainerFamilies(routes: Routes, deps: Deps): void {
  for (const words of [PERSON_GROUP, LARGE_PERSON_GROUP]) {
    addContainerRoutes(routes, deps, words);
    addGetContainerRoute(routes, deps, words);
    addListContainersRoute(routes, deps, words);
    addTrainingRoutes(routes, deps, words);
    addPersonRoutes(routes, deps, words);
    addPersonFaceRoutes(routes, deps, words);
  }
  for (const words of [FACE_LIST, LARGE_FACE_LIST]) {
    addContainerRoutes(routes, deps, words);
    addListedFaceRoutes(routes, deps, words);
  }
  addFaceListReadingRoutes(routes, deps);
  addGetContainerRoute(routes, deps, LARGE_FACE_LIST);
  addListContainersRoute(routes, deps, LARGE_FACE_LIST);
  addLargeFaceListFaceRoutes(routes, deps);
  addTrainingRoutes(routes, deps, LARGE_FACE_LIST);
}
