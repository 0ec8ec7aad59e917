import type { SealedPlace } from '../../core/storage/sealed-rows.ts';

export interface Place {
  readonly table: string;
  readonly column: string;
  /** Primary key. */
  readonly keys: readonly string[];
  readonly tenant: string;
}

export const OF_GALLERY = '(SELECT tenant_id FROM galleries g WHERE g.gallery_no = s.gallery_no)';
const OF_SNAPSHOT = '(SELECT tenant_id FROM snapshots g WHERE g.snapshot_no = s.snapshot_no)';
const OWN = 's.tenant_id';

export const PLACES: Readonly<Record<SealedPlace, Place>> = {
  'person-keys': { table: 'persons', column: 'wrapped_key', keys: ['person_no'], tenant: OF_GALLERY },
  'snapshot-person-keys': {
    table: 'snapshot_persons',
    column: 'wrapped_key',
    keys: ['snapshot_no', 'person_id'],
    tenant: OF_SNAPSHOT,
  },
  'gallery-keys': { table: 'galleries', column: 'transform_key', keys: ['gallery_no'], tenant: OWN },
  'next-gallery-keys': { table: 'galleries', column: 'next_transform_key', keys: ['gallery_no'], tenant: OWN },
  'snapshot-gallery-keys': { table: 'snapshots', column: 'transform_key', keys: ['snapshot_no'], tenant: OWN },
  probes: { table: 'probes', column: 'sealed', keys: ['probe_no'], tenant: OWN },
  'liveness-references': {
    table: 'liveness_sessions',
    column: 'sealed_reference',
    keys: ['tenant_id', 'session_id'],
    tenant: OWN,
  },
};

export type Key = string | number;

export function keysOf(at: string): Key[] {
  return JSON.parse(at) as Key[];
}
