import type { Quality, QualityLevel, QualityReason } from '../core/types.ts';

export interface QualityColumns {
  readonly qualityLevel: string;
  /** JSON array. */
  readonly qualityReasons: string;
}

const NO_REASONS = '[]';

export function qualityToColumns(quality: Quality): QualityColumns {
  return {
    qualityLevel: quality.level,
    qualityReasons: quality.reasons.length === 0 ? NO_REASONS : JSON.stringify(quality.reasons),
  };
}

export function qualityFromColumns(columns: QualityColumns): Quality {
  return {
    level: columns.qualityLevel as QualityLevel,
    reasons: columns.qualityReasons === NO_REASONS ? [] : (JSON.parse(columns.qualityReasons) as QualityReason[]),
  };
}
