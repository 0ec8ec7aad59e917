// Kith's own API at /v1: what no other dialect has words for. The console uses it.
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { invalidArgument } from '../../core/checks.ts';
import { KithError } from '../../core/errors.ts';
import { MAX_LOCAL_IMAGE_BYTES } from '../../core/limits.ts';
import type { Deps } from '../../core/ports.ts';
import { createKeySlots } from '../http/key-slots.ts';
import { compileCheck, type HttpPart } from '../http/schema-check.ts';
import { addAuditRoutes } from './audit.ts';
import { addConsentRoutes } from './consents.ts';
import { addDetectRoute } from './detect.ts';
import { addDismissedPairRoutes } from './dismissed-pairs.ts';
import { addDuplicatesRoute } from './duplicates.ts';
import { addErasureRoutes } from './erasures.ts';
import { addFaceRoutes } from './faces.ts';
import { addGalleryRoutes } from './galleries.ts';
import { addGroupRoute } from './group.ts';
import { addIdentifyRoute } from './identify.ts';
import { addImportRoutes } from './imports.ts';
import { addKeyRoutes } from './keys.ts';
import { addMergeRoutes } from './merges.ts';
import { addModelsRoute } from './models.ts';
import { addPeopleRoutes } from './people.ts';
import { addPersonRecordRoute } from './person-record.ts';
import { addRetentionRoutes } from './retention.ts';
import { addReviewRoutes } from './reviews.ts';
import { createRoutes, sendProblem } from './route.ts';
import { addSimilarRoutes } from './similar.ts';
import { addStatusRoute, type ServiceFacts } from './status.ts';
import { addVerifyRoute } from './verify.ts';

const MAX_JSON_BYTES = 256 * 1024;
const PHOTO_TYPES = ['application/octet-stream', 'image/jpeg', 'image/png', 'image/gif', 'image/bmp', 'image/webp'];

export function addKithDialect(app: FastifyInstance, deps: Deps, facts: ServiceFacts): void {
  app.register(async (scope) => mount(scope, deps, facts), { prefix: '/v1' });
}

async function mount(app: FastifyInstance, deps: Deps, facts: ServiceFacts): Promise<void> {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_JSON_BYTES },
    (request, text, done) =>
      parseJson(request, text as string, (error, body) => {
        if (error) done(invalidArgument('body', 'malformed', 'The body is not JSON.'));
        else done(null, body);
      }),
  );
  // What the bytes are is told by the bytes; the type only says that they are a photo.
  app.addContentTypeParser(
    PHOTO_TYPES,
    { parseAs: 'buffer', bodyLimit: MAX_LOCAL_IMAGE_BYTES },
    (_request, bytes, done) => done(null, bytes),
  );
  app.setValidatorCompiler(({ schema, httpPart }) => compileCheck(schema as TSchema, httpPart as HttpPart));
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      new KithError({ kind: 'not-found', resource: 'operation', id: `${request.method} ${pathOf(request.url)}` }),
      request,
      reply,
    ),
  );

  const routes = createRoutes(app, { ...deps, takeSlot: createKeySlots() });
  addModelsRoute(routes, deps);
  addStatusRoute(routes, deps, facts);
  addKeyRoutes(routes, deps);
  addAuditRoutes(routes, deps);
  addErasureRoutes(routes, deps);
  addPersonRecordRoute(routes, deps);
  addGalleryRoutes(routes, deps);
  addPeopleRoutes(routes, deps);
  addMergeRoutes(routes, deps);
  addConsentRoutes(routes, deps);
  addRetentionRoutes(routes, deps);
  addFaceRoutes(routes, deps);
  addDetectRoute(routes, deps);
  addVerifyRoute(routes, deps);
  addGroupRoute(routes, deps);
  addSimilarRoutes(routes, deps);
  addImportRoutes(routes, deps);
  addIdentifyRoute(routes, deps);
  addReviewRoutes(routes, deps);
  addDuplicatesRoute(routes, deps);
  addDismissedPairRoutes(routes, deps);
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
