import type { Quality } from '../types.ts';

export interface SealedProbe {
  readonly probeId: string;
  readonly recognitionModel: string;
  readonly packId: string;
  readonly quality: Quality;
  /** Sealed under the tenant's key. */
  readonly sealedTemplate: Uint8Array;
  readonly expiresMs: number;
}

export interface ProbeStore {
  insertProbes(tenantId: string, probes: readonly SealedProbe[]): Promise<void>;
  /** Unexpired ones only. */
  findProbes(tenantId: string, probeIds: readonly string[], nowMs: number): Promise<ReadonlyMap<string, SealedProbe>>;
  /** Answers how many were removed. */
  sweepProbes(nowMs: number): Promise<number>;
}
