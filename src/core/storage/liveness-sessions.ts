import type { LivenessSession } from '../types.ts';
import type { Page } from './page.ts';

export interface StoredLivenessSession extends LivenessSession {
  /** Template of the reference photo, sealed under the tenant's key. */
  readonly sealedReference?: Uint8Array;
}

export interface LivenessSessionStore {
  insertLivenessSession(tenantId: string, session: StoredLivenessSession): Promise<void>;
  findLivenessSession(tenantId: string, sessionId: string): Promise<StoredLivenessSession | undefined>;
  /** With or without a reference photo, by id. */
  listLivenessSessions(
    tenantId: string,
    filter: { readonly withReference: boolean },
    page: Page,
  ): Promise<readonly StoredLivenessSession[]>;
  /** False when it wasn't there. */
  deleteLivenessSession(tenantId: string, sessionId: string): Promise<boolean>;
  /** Removes what was created before; answers how many. */
  sweepLivenessSessions(beforeMs: number): Promise<number>;
}
