// Sessions for the liveness checks of Azure's clients. Kith takes no captures yet, so a session stays as it was begun.
import { invalidArgument, packFor } from '../checks.ts';
import { KithError } from '../errors.ts';
import {
  DEFAULT_RECOGNITION_MODEL,
  MAX_ID_LENGTH,
  MAX_SESSION_TOKEN_TTL_S,
  MIN_SESSION_TOKEN_TTL_S,
  SESSION_KEPT_MS,
} from '../limits.ts';
import type { Deps } from '../ports.ts';
import type { StoredLivenessSession } from '../storage/liveness-sessions.ts';
import type { Page } from '../storage/page.ts';
import type { LivenessSession } from '../types.ts';
import { readFaceToEnrol } from './enrol-face.ts';

export interface NewLivenessSession extends Pick<LivenessSession, 'tokenTtlS' | 'settings' | 'deviceCorrelationId'> {
  /** True for a session that compares the captured face with a reference photo. */
  readonly withReference: boolean;
  /** The reference photo, with one face; some callers hand it in later, with the capture. */
  readonly referenceImage?: Uint8Array;
}

export async function createLivenessSession(
  deps: Pick<Deps, 'store' | 'vault' | 'engine' | 'clock' | 'newId' | 'recognitionModels'>,
  tenantId: string,
  wish: NewLivenessSession,
): Promise<LivenessSession> {
  const { tokenTtlS, deviceCorrelationId, referenceImage, ...members } = wish;
  if (tokenTtlS < MIN_SESSION_TOKEN_TTL_S || tokenTtlS > MAX_SESSION_TOKEN_TTL_S) {
    throw invalidArgument('tokenTtlS', 'out-of-range', 'A session token is good for 60 to 86,400 seconds.');
  }
  if (deviceCorrelationId !== undefined && deviceCorrelationId.length > MAX_ID_LENGTH) {
    throw invalidArgument('deviceCorrelationId', 'too-long', 'A device goes by at most 64 characters.');
  }
  const session: StoredLivenessSession = {
    ...members,
    ...(deviceCorrelationId === undefined ? {} : { deviceCorrelationId }),
    ...(referenceImage ? await readReference(deps, tenantId, referenceImage) : {}),
    sessionId: deps.newId(),
    tokenTtlS,
    createdMs: deps.clock.nowMs(),
  };
  await deps.store.insertLivenessSession(tenantId, session);
  return session;
}

/** The photo itself is not kept. */
async function readReference(
  deps: Pick<Deps, 'vault' | 'engine' | 'recognitionModels'>,
  tenantId: string,
  image: Uint8Array,
): Promise<Pick<StoredLivenessSession, 'reference' | 'sealedReference'>> {
  const { packId } = packFor(deps, DEFAULT_RECOGNITION_MODEL);
  const { box, quality, template } = await readFaceToEnrol(deps, { packId, image, target: undefined });
  return {
    reference: { box, quality, packId },
    sealedReference: deps.vault.sealProbe(tenantId, template.vector),
  };
}

/** not-found for one that never was, is of the other sort, or was forgotten after its time. */
export async function getLivenessSession(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  session: { readonly sessionId: string; readonly withReference: boolean },
): Promise<LivenessSession> {
  const found = await deps.store.findLivenessSession(tenantId, session.sessionId);
  const isForgotten = found && found.createdMs + SESSION_KEPT_MS <= deps.clock.nowMs();
  if (!found || isForgotten || found.withReference !== session.withReference) {
    throw new KithError({ kind: 'not-found', resource: 'session', id: session.sessionId });
  }
  return found;
}

/** By id. */
export async function listLivenessSessions(
  deps: Pick<Deps, 'store'>,
  scope: { readonly tenantId: string; readonly withReference: boolean },
  page: Page,
): Promise<readonly LivenessSession[]> {
  return deps.store.listLivenessSessions(scope.tenantId, { withReference: scope.withReference }, page);
}

export async function deleteLivenessSession(
  deps: Pick<Deps, 'store' | 'clock'>,
  tenantId: string,
  session: { readonly sessionId: string; readonly withReference: boolean },
): Promise<void> {
  await getLivenessSession(deps, tenantId, session);
  await deps.store.deleteLivenessSession(tenantId, session.sessionId);
}

/** Forgets sessions after their time. */
export async function sweepLivenessSessions(deps: Pick<Deps, 'store' | 'clock'>): Promise<number> {
  return deps.store.sweepLivenessSessions(deps.clock.nowMs() - SESSION_KEPT_MS);
}
