import type { Neighbour, NeighboursBatch, NeighboursQuery } from '../../core/ports.ts';
import { paddedDims } from '../layout.ts';
import type { Errands } from './errands.ts';
import { type GalleryState, readGallery } from './gallery-reader.ts';
import type { DatabaseSearch } from './gallery-search.ts';
import { tableOf } from './schema.ts';
import { type Connections, inTransaction, type Query } from './transactions.ts';

/** Enrolments of one answer. */
const ANSWER_ENROLMENTS = 256;

export interface NeighbourParts {
  readonly pool: Connections;
  readonly search: DatabaseSearch;
  readonly errands: Errands;
}

interface Row {
  readonly enrolmentNo: number;
  readonly personNo: number;
  /** As it is kept: rotated already. */
  readonly vector: string;
}

/** Searches with every enrolment in turn, by rising number, while no search waits; those added meanwhile are searched for too. */
export async function* allNeighbours(
  parts: NeighbourParts,
  galleryNo: number,
  options: { readonly query: NeighboursQuery; readonly signal: AbortSignal | undefined },
): AsyncIterable<NeighboursBatch> {
  const { query: wanted, signal } = options;
  const transaction = <T>(work: (query: Query) => Promise<T>): Promise<T> =>
    parts.errands.runIdle(() => inTransaction(parts.pool, { begin: parts.search.begin(galleryNo), signal }, work));
  signal?.throwIfAborted();
  let after = wanted.afterEnrolmentNo ?? -1;
  let total = await transaction((query) => countAfter(query, galleryNo, after));
  let done = 0;
  while (total > done) {
    const batch = await transaction(async (query) => {
      const gallery = await readGallery(query, galleryNo);
      const rows = await rowsAfter(query, gallery, after);
      return { rows, neighbours: await nearestOfEach(parts.search, query, { gallery, rows, wanted, signal }) };
    });
    const last = batch.rows.at(-1);
    if (!last) return;
    after = last.enrolmentNo;
    done += batch.rows.length;
    total = Math.max(total, done);
    yield { neighbours: batch.neighbours, doneEnrolmentNo: after, done, total };
  }
}

async function nearestOfEach(
  search: DatabaseSearch,
  query: Query,
  work: {
    readonly gallery: GalleryState;
    readonly rows: readonly Row[];
    readonly wanted: NeighboursQuery;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Neighbour[]> {
  const neighbours: Neighbour[] = [];
  for (const { personNo, enrolmentNo, vector } of work.rows) {
    work.signal?.throwIfAborted();
    const { top } = await search.findKept(query, work.gallery, {
      vector: Float32Array.from(JSON.parse(vector) as number[]),
      exceptPersonNos: [personNo, ...(work.wanted.apart?.get(personNo) ?? [])],
      minScore: work.wanted.minScore,
    });
    if (top.count === 0) continue;
    neighbours.push({
      personNo,
      enrolmentNo,
      nearestPersonNo: top.persons[0] as number,
      nearestEnrolmentNo: top.enrolments[0] as number,
      score: top.scores[0] as number,
    });
  }
  return neighbours;
}

async function rowsAfter(query: Query, gallery: GalleryState, after: number): Promise<Row[]> {
  if (gallery.enrolments === 0) return [];
  const rows = await query<{ enrolment_no: string; person_no: string; vector: string }>(
    `SELECT enrolment_no, person_no, vector::text AS vector FROM ${tableOf(paddedDims(gallery.vectorLength))}
     WHERE gallery_no = $1 AND enrolment_no > $2 ORDER BY enrolment_no LIMIT ${ANSWER_ENROLMENTS}`,
    [gallery.galleryNo, after],
  );
  return rows.map((row) => ({
    enrolmentNo: Number(row.enrolment_no),
    personNo: Number(row.person_no),
    vector: row.vector,
  }));
}

async function countAfter(query: Query, galleryNo: number, after: number): Promise<number> {
  const gallery = await readGallery(query, galleryNo);
  if (gallery.enrolments === 0 || after < 0) return gallery.enrolments;
  const [row] = await query<{ count: string }>(
    `SELECT count(*) AS count FROM ${tableOf(paddedDims(gallery.vectorLength))}
     WHERE gallery_no = $1 AND enrolment_no > $2`,
    [galleryNo, after],
  );
  return Number(row?.count);
}
