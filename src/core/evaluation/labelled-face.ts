import type { QualityLevel } from '../types.ts';

/** A face of which somebody has said whose it is. */
export interface LabelledFace {
  readonly personName: string;
  /** How the photo is called to whoever reads the report. */
  readonly file: string;
  /** Unit template; those of one evaluation are all of one pack. */
  readonly vector: Float32Array;
  readonly qualityLevel: QualityLevel;
  /** False where the photo would be refused at enrolment; it may still be searched with. */
  readonly enrollable: boolean;
}
