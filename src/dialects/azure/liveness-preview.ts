// Liveness sessions in the shape of the previews: below singleModal, with lists and an audit.
import Type, { type Static } from 'typebox';
import {
  createLivenessSession,
  deleteLivenessSession,
  getLivenessSession,
  listLivenessSessions,
} from '../../core/operations/manage-liveness-sessions.ts';
import type { Deps } from '../../core/ports.ts';
import type { LivenessSession } from '../../core/types.ts';
import { azureRectangle } from './detect.ts';
import { readSettings, requirePhoto, type SessionDeps, SessionSettings } from './liveness-sessions.ts';
import type { Routes } from './route.ts';
import { Confidence, dateTime, FaceRectangle, Guid, PageQuery, pageOf, QualityForRecognition } from './wire.ts';

const SessionRequest = Type.Object({
  ...SessionSettings,
  sendResultsToClient: Type.Optional(Type.Boolean()),
  livenessSingleModalModel: Type.Optional(Type.String()),
});
const VerifySessionRequest = Type.Object({
  ...SessionRequest.properties,
  returnVerifyImageHash: Type.Optional(Type.Boolean()),
  verifyConfidenceThreshold: Type.Optional(Confidence),
});
/** A form's settings come as one JSON part. */
const VerifySessionForm = Type.Object({
  Parameters: VerifySessionRequest,
  VerifyImage: Type.Unsafe<Uint8Array>({ format: 'binary' }),
});

const CreatedAnswer = Type.Object({ sessionId: Guid, authToken: Type.String() });
const VerifyCreatedAnswer = Type.Object({
  ...CreatedAnswer.properties,
  verifyImage: Type.Optional(
    Type.Object({ faceRectangle: FaceRectangle, qualityForRecognition: QualityForRecognition }),
  ),
});
const SessionItem = Type.Object({
  id: Guid,
  createdDateTime: Type.String(),
  sessionExpired: Type.Boolean(),
  deviceCorrelationId: Type.Optional(Type.String()),
  authTokenTimeToLiveInSeconds: Type.Integer(),
});
const SessionAnswer = Type.Object({
  ...SessionItem.properties,
  status: Type.String({ enum: ['NotStarted'] }),
});

export function addPreviewSessionRoutes(routes: Routes, deps: SessionDeps): void {
  const path = '/detectLiveness/singleModal/sessions';
  routes.json({
    method: 'POST',
    path,
    operation: 'session',
    summary: 'Begin a liveness session',
    tag: 'Liveness session',
    permission: 'search',
    body: SessionRequest,
    answers: CreatedAnswer,
    async handle({ tenantId, body }) {
      const { sessionId } = await createLivenessSession(deps, tenantId, readSettings(body, false));
      return { body: { sessionId, authToken: deps.vault.sessionToken(tenantId, sessionId) } };
    },
  });
  addReadingRoutes(routes, deps, { path, withReference: false });
}

export function addPreviewVerifySessionRoutes(routes: Routes, deps: SessionDeps): void {
  const path = '/detectLivenessWithVerify/singleModal/sessions';
  routes.form({
    method: 'POST',
    path,
    operation: 'session',
    summary: 'Begin a liveness session that compares the face with a photo',
    tag: 'Liveness session',
    permission: 'search',
    form: VerifySessionForm,
    // Without a photo: the client hands it in with the capture.
    orJson: VerifySessionRequest,
    answers: VerifyCreatedAnswer,
    async handle({ tenantId, body }) {
      const wish =
        'Parameters' in body
          ? { ...readSettings(body.Parameters, true), referenceImage: requirePhoto(body.VerifyImage) }
          : readSettings(body, true);
      const { sessionId, reference } = await createLivenessSession(deps, tenantId, wish);
      const verifyImage = reference && {
        faceRectangle: azureRectangle(reference.box),
        qualityForRecognition: reference.quality.level,
      };
      const authToken = deps.vault.sessionToken(tenantId, sessionId);
      return { body: { sessionId, authToken, ...(verifyImage ? { verifyImage } : {}) } };
    },
  });
  addReadingRoutes(routes, deps, { path, withReference: true });
}

function addReadingRoutes(
  routes: Routes,
  deps: Pick<Deps, 'store' | 'clock'>,
  { path, withReference }: { readonly path: string; readonly withReference: boolean },
): void {
  const common = { operation: 'session', tag: 'Liveness session', permission: 'search' } as const;
  const one = { ...common, path: `${path}/:sessionId`, params: Type.Object({ sessionId: Guid }) } as const;

  routes.json({
    ...common,
    method: 'GET',
    path,
    summary: 'List liveness sessions by id',
    query: PageQuery,
    answers: Type.Array(SessionItem),
    async handle({ tenantId, query }) {
      const sessions = await listLivenessSessions(deps, { tenantId, withReference }, pageOf(query));
      return { body: sessions.map((session) => azureItem(session, deps.clock.nowMs())) };
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    summary: 'Get a liveness session',
    answers: SessionAnswer,
    async handle({ tenantId, params }) {
      const session = await getLivenessSession(deps, tenantId, { ...params, withReference });
      return { body: { ...azureItem(session, deps.clock.nowMs()), status: 'NotStarted' } };
    },
  });
  routes.json({
    ...one,
    method: 'DELETE',
    summary: 'Delete a liveness session',
    async handle({ tenantId, params }) {
      await deleteLivenessSession(deps, tenantId, { ...params, withReference });
      return {};
    },
  });
  routes.json({
    ...one,
    method: 'GET',
    path: `${one.path}/audit`,
    summary: 'List what was handed in to a liveness session: nothing yet',
    query: PageQuery,
    answers: Type.Array(Type.Object({})),
    async handle({ tenantId, params }) {
      await getLivenessSession(deps, tenantId, { ...params, withReference });
      return { body: [] };
    },
  });
}

function azureItem(session: LivenessSession, nowMs: number): Static<typeof SessionItem> {
  const { sessionId, createdMs, tokenTtlS, deviceCorrelationId } = session;
  return {
    id: sessionId,
    createdDateTime: dateTime(createdMs),
    sessionExpired: createdMs + tokenTtlS * 1000 <= nowMs,
    ...(deviceCorrelationId === undefined ? {} : { deviceCorrelationId }),
    authTokenTimeToLiveInSeconds: tokenTtlS,
  };
}
