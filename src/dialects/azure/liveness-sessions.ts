// Liveness sessions in the shape of v1.2. Kith takes no captures yet, so a session stays "not started".
import Type, { type Static } from 'typebox';
import { DEFAULT_SESSION_TOKEN_TTL_S, MAX_SESSION_TOKEN_TTL_S, MIN_SESSION_TOKEN_TTL_S } from '../../core/limits.ts';
import {
  createLivenessSession,
  deleteLivenessSession,
  getLivenessSession,
} from '../../core/operations/manage-liveness-sessions.ts';
import type { Deps } from '../../core/ports.ts';
import type { LivenessSession } from '../../core/types.ts';
import { azureRectangle } from './detect.ts';
import { requireImageSize } from './image-body.ts';
import { AzureRefusal } from './refusal.ts';
import type { Routes } from './route.ts';
import { Confidence, FaceRectangle, Guid, QualityForRecognition } from './wire.ts';

export type SessionDeps = Pick<Deps, 'store' | 'vault' | 'engine' | 'clock' | 'newId' | 'recognitionModels'>;

/** What every version's sessions can be told. */
export const SessionSettings = {
  livenessOperationMode: Type.String({ enum: ['Passive', 'PassiveActive'] }),
  deviceCorrelationIdSetInClient: Type.Optional(Type.Boolean()),
  enableSessionImage: Type.Optional(Type.Boolean()),
  deviceCorrelationId: Type.Optional(Type.String({ maxLength: 64 })),
  authTokenTimeToLiveInSeconds: Type.Optional(
    Type.Integer({
      minimum: MIN_SESSION_TOKEN_TTL_S,
      maximum: MAX_SESSION_TOKEN_TTL_S,
      description: '600 when left out.',
    }),
  ),
};

const VerifySettings = {
  returnVerifyImageHash: Type.Optional(Type.Boolean()),
  verifyConfidenceThreshold: Type.Optional(Confidence),
};

const SessionRequest = Type.Object({
  ...SessionSettings,
  livenessModelVersion: Type.Optional(Type.String({ enum: ['2024-11-15'] })),
});

/** A form's flat fields; the photo may come without a file name. */
const VerifySessionForm = Type.Object({
  ...SessionRequest.properties,
  ...VerifySettings,
  verifyImage: Type.Unsafe<Uint8Array>({ format: 'binary' }),
});

const SessionState = {
  sessionId: Guid,
  authToken: Type.String(),
  status: Type.String({ enum: ['NotStarted'] }),
  modelVersion: Type.Optional(Type.String()),
};
const SessionAnswer = Type.Object({
  ...SessionState,
  results: Type.Object({ attempts: Type.Array(Type.Object({})) }),
});
const VerifySessionAnswer = Type.Object({
  ...SessionState,
  results: Type.Object({
    verifyReferences: Type.Array(
      Type.Object({
        referenceType: Type.String({ enum: ['Color'] }),
        faceRectangle: FaceRectangle,
        qualityForRecognition: QualityForRecognition,
      }),
    ),
    attempts: Type.Array(Type.Object({})),
  }),
});

export function addLivenessSessionRoutes(routes: Routes, deps: SessionDeps): void {
  const path = '/detectLiveness-sessions';
  const common = { operation: 'session', tag: 'Liveness session' } as const;

  routes.json({
    ...common,
    method: 'POST',
    path,
    summary: 'Begin a liveness session',
    permission: 'search',
    body: SessionRequest,
    answers: SessionAnswer,
    async handle({ tenantId, body }) {
      const session = await createLivenessSession(deps, tenantId, readSettings(body, false));
      return { body: azureSession(session, deps.vault.sessionToken(tenantId, session.sessionId)) };
    },
  });
  addReadAndDelete(routes, deps, { path, withReference: false });
}

export function addVerifySessionRoutes(routes: Routes, deps: SessionDeps): void {
  const path = '/detectLivenessWithVerify-sessions';
  routes.form({
    method: 'POST',
    path,
    operation: 'session',
    tag: 'Liveness session',
    summary: 'Begin a liveness session that compares the face with a photo',
    permission: 'search',
    form: VerifySessionForm,
    answers: VerifySessionAnswer,
    async handle({ tenantId, body }) {
      const { verifyImage, ...settings } = body;
      const session = await createLivenessSession(deps, tenantId, {
        ...readSettings(settings, true),
        referenceImage: requirePhoto(verifyImage),
      });
      return { body: azureVerifySession(session, deps.vault.sessionToken(tenantId, session.sessionId)) };
    },
  });
  addReadAndDelete(routes, deps, { path, withReference: true });
}

function addReadAndDelete(
  routes: Routes,
  deps: SessionDeps,
  { path, withReference }: { readonly path: string; readonly withReference: boolean },
): void {
  const one = {
    path: `${path}/:sessionId`,
    operation: 'session',
    tag: 'Liveness session',
    permission: 'search',
    params: Type.Object({ sessionId: Guid }),
  } as const;

  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a liveness session',
    answers: withReference ? VerifySessionAnswer : SessionAnswer,
    async handle({ tenantId, params }) {
      const session = await getLivenessSession(deps, tenantId, { ...params, withReference });
      const token = deps.vault.sessionToken(tenantId, session.sessionId);
      return { body: withReference ? azureVerifySession(session, token) : azureSession(session, token) };
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a liveness session',
    success: 204,
    async handle({ tenantId, params }) {
      await deleteLivenessSession(deps, tenantId, { ...params, withReference });
      return {};
    },
  });
}

/** No session has a photo yet, whatever its id. */
export function addSessionImageRoute(routes: Routes, path: string): void {
  routes.json({
    method: 'GET',
    path,
    operation: 'session',
    summary: "Get a liveness session's photo",
    tag: 'Liveness session',
    permission: 'search',
    params: Type.Object({ sessionImageId: Type.String() }),
    async handle({ params }) {
      throw new AzureRefusal(404, 'SessionImageNotFound', `Session image \`${params.sessionImageId}\` is not found.`);
    },
  });
}

/** What core keeps for itself, and what it only gives back. */
export function readSettings(
  request: {
    readonly authTokenTimeToLiveInSeconds?: number;
    readonly deviceCorrelationId?: string;
    readonly deviceCorrelationIdSetInClient?: boolean;
  },
  withReference: boolean,
) {
  const { authTokenTimeToLiveInSeconds, deviceCorrelationId, ...settings } = request;
  if (deviceCorrelationId !== undefined && request.deviceCorrelationIdSetInClient) {
    throw new AzureRefusal(
      400,
      'InvalidDeviceCorrelationId',
      'The argument deviceCorrelationId must be left out when deviceCorrelationIdSetInClient is true.',
    );
  }
  return {
    withReference,
    settings,
    tokenTtlS: authTokenTimeToLiveInSeconds ?? DEFAULT_SESSION_TOKEN_TTL_S,
    ...(deviceCorrelationId === undefined ? {} : { deviceCorrelationId }),
  };
}

/** A form's photo, which must have come as a file and not as a field's text. */
export function requirePhoto(image: unknown): Uint8Array {
  if (image instanceof Uint8Array) return requireImageSize(image);
  throw new AzureRefusal(400, 'InvalidRequestBody', 'Request body is invalid.');
}

function azureSession({ sessionId, settings }: LivenessSession, authToken: string): Static<typeof SessionAnswer> {
  const { livenessModelVersion } = settings;
  return {
    sessionId,
    authToken,
    status: 'NotStarted',
    ...(livenessModelVersion === undefined ? {} : { modelVersion: String(livenessModelVersion) }),
    results: { attempts: [] },
  };
}

function azureVerifySession(session: LivenessSession, authToken: string): Static<typeof VerifySessionAnswer> {
  const { reference } = session;
  const verifyReferences = reference
    ? [
        {
          referenceType: 'Color',
          faceRectangle: azureRectangle(reference.box),
          qualityForRecognition: reference.quality.level,
        },
      ]
    : [];
  return { ...azureSession(session, authToken), results: { verifyReferences, attempts: [] } };
}
