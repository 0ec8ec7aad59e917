import type { GalleryRef } from '../../core/types.ts';
import type { ConsentRow } from './consent-rows.ts';

export interface DueRow extends ConsentRow, GalleryRef {
  readonly personId: string;
  readonly personName: string;
}

export const PERSON_COLUMNS =
  'g.tenant_id AS "tenantId", g.kind, g.gallery_id AS "galleryId", p.person_id AS "personId"';
