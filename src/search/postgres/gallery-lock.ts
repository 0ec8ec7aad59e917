import { GALLERIES } from './schema.ts';
import type { Query } from './transactions.ts';

export interface LockedGallery {
  /** As templates come. */
  readonly dims: number;
  readonly enrolments: number;
  readonly lastChangeNo: number;
  readonly removedChangeNo: number;
  /** Padded dimensions of the table whose blocks have all of the gallery's templates, from then on. */
  readonly packedDims: number;
}

/** Until the end of the transaction nobody else writes to the gallery. */
export async function lockGallery(query: Query, galleryNo: number): Promise<LockedGallery> {
  await query(`INSERT INTO ${GALLERIES} (gallery_no) VALUES ($1) ON CONFLICT DO NOTHING`, [galleryNo]);
  const [row] = await query<{ dims: number; enrolments: string; last: string; removed: string; packed: number }>(
    `SELECT dims, enrolments, last_change_no AS last, removed_change_no AS removed,
       packed_dims AS packed
     FROM ${GALLERIES} WHERE gallery_no = $1 FOR UPDATE`,
    [galleryNo],
  );
  if (!row) throw new Error(`the row of gallery ${galleryNo} went while it was locked`);
  return {
    dims: row.dims,
    enrolments: Number(row.enrolments),
    lastChangeNo: Number(row.last),
    removedChangeNo: Number(row.removed),
    packedDims: row.packed,
  };
}
