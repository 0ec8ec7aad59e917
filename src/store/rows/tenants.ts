import type { ErasedCounts } from '../../core/erasure-types.ts';

export const NOTHING: ErasedCounts = {
  persons: 0,
  keys: 0,
  templates: 0,
  photos: 0,
  consents: 0,
  snapshotTemplates: 0,
};
