import type { QualityColumns } from '../quality-columns.ts';

export interface ProbeRow extends QualityColumns {
  readonly probeId: string;
  readonly recognitionModel: string;
  readonly packId: string;
  readonly sealedTemplate: Uint8Array;
  readonly expiresMs: number;
}
