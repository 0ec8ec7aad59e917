import { KithError } from '../core/errors.ts';
import type { GalleryIndex, IndexRow, Neighbour, SearchHit, SearchQuery } from '../core/ports.ts';

/**
 * The index as one would write it on a blackboard: every template in 64-bit floats, every search a loop over all of
 * them. Each faster way is tested against it.
 */
export function createReferenceIndex(): GalleryIndex {
  const galleries = new Map<number, Map<number, IndexRow>>();
  const rowsOf = (galleryNo: number): IndexRow[] => [...(galleries.get(galleryNo)?.values() ?? [])];

  return {
    async add(galleryNo, rows) {
      const gallery = galleries.get(galleryNo) ?? new Map<number, IndexRow>();
      galleries.set(galleryNo, gallery);
      const dims = gallery.values().next().value?.vector.length ?? rows[0]?.vector.length;
      for (const row of rows) {
        if (row.vector.length !== dims) throw wrongLength(row.vector.length, dims ?? 0);
      }
      for (const row of rows) gallery.set(row.enrolmentNo, { ...row, vector: Float32Array.from(row.vector) });
    },
    async remove(galleryNo, enrolmentNos) {
      const gallery = galleries.get(galleryNo);
      for (const enrolmentNo of enrolmentNos) gallery?.delete(enrolmentNo);
      if (gallery?.size === 0) galleries.delete(galleryNo);
    },
    async removeGallery(galleryNo) {
      galleries.delete(galleryNo);
    },
    async search(galleryNo, query, signal) {
      signal?.throwIfAborted();
      const rows = rowsOf(galleryNo);
      const dims = rows[0]?.vector.length;
      if (dims !== undefined && dims !== query.vector.length) throw wrongLength(query.vector.length, dims);
      const allowed = query.allowPersonNos && new Set<number>(query.allowPersonNos);
      const compared = allowed ? rows.filter((row) => allowed.has(row.personNo)) : rows;
      return { hits: rankPersons(compared, query), searched: compared.length, exact: true, recall: 1 };
    },
    async *allNeighbours(galleryNo, query, signal) {
      const rows = rowsOf(galleryNo).sort((a, b) => a.enrolmentNo - b.enrolmentNo);
      const wanted = rows.filter((row) => row.enrolmentNo > (query.afterEnrolmentNo ?? -1));
      for (const [i, row] of wanted.entries()) {
        signal?.throwIfAborted();
        const nearest = nearestOther(rows, row, query.apart?.get(row.personNo));
        const neighbours = nearest && nearest.score >= query.minScore ? [nearest] : [];
        yield { neighbours, doneEnrolmentNo: row.enrolmentNo, done: i + 1, total: wanted.length };
      }
    },
    size(galleryNo) {
      const rows = rowsOf(galleryNo);
      return { enrolments: rows.length, persons: new Set(rows.map((row) => row.personNo)).size };
    },
    stats() {
      const enrolments = [...galleries.values()].reduce((sum, gallery) => sum + gallery.size, 0);
      return {
        galleries: galleries.size,
        enrolments,
        reservedBytes: 0,
        liveBytes: 0,
        threads: 0,
        kernel: 'plain',
        searches: 0,
        queued: 0,
        refusedBusy: 0,
        recall: { sampled: 0, missed: 0, estimate: 1, lowerBound: 0 },
      };
    },
    async close() {
      galleries.clear();
    },
  };
}

function wrongLength(length: number, dims: number): KithError {
  return new KithError({
    kind: 'model-mismatch',
    message: `A template of length ${length} can't be compared with this gallery's templates of length ${dims}.`,
  });
}

function rankPersons(rows: readonly IndexRow[], query: SearchQuery): SearchHit[] {
  const rowsByPerson = new Map<number, IndexRow[]>();
  for (const row of rows) {
    const ofPerson = rowsByPerson.get(row.personNo);
    if (ofPerson) ofPerson.push(row);
    else rowsByPerson.set(row.personNo, [row]);
  }
  const hits: SearchHit[] = [];
  for (const [personNo, ofPerson] of rowsByPerson) {
    const best = bestRow(ofPerson, query.vector);
    if (best.score >= query.minScore) hits.push({ personNo, ...best });
  }
  return hits.sort((a, b) => b.score - a.score || a.personNo - b.personNo).slice(0, query.maxPersons);
}

function bestRow(rows: readonly IndexRow[], vector: Float32Array): { enrolmentNo: number; score: number } {
  let best = { enrolmentNo: 0, score: Number.NEGATIVE_INFINITY };
  for (const row of rows) {
    const score = dot(row.vector, vector);
    if (score > best.score || (score === best.score && row.enrolmentNo < best.enrolmentNo)) {
      best = { enrolmentNo: row.enrolmentNo, score };
    }
  }
  return best;
}

function nearestOther(rows: readonly IndexRow[], row: IndexRow, apart: readonly number[] = []): Neighbour | undefined {
  const others = rows.filter(({ personNo }) => personNo !== row.personNo && !apart.includes(personNo));
  if (others.length === 0) return undefined;
  const { enrolmentNo, score } = bestRow(others, row.vector);
  const nearest = others.find((other) => other.enrolmentNo === enrolmentNo);
  return {
    personNo: row.personNo,
    enrolmentNo: row.enrolmentNo,
    nearestPersonNo: nearest?.personNo ?? 0,
    nearestEnrolmentNo: enrolmentNo,
    score,
  };
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
