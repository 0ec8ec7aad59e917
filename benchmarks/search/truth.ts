import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { DIMS, galleryBatches, openGallery, type Query, type Truth } from './dataset.ts';

export const NEAREST = 10;
/** Rows that are scored again in 64 bits; the first guess errs by less than ROUNDING. */
const SHORTLIST = 100;
const ROUNDING = 0.003;
/** Queries that are also held against a loop over all vectors. */
const LOOPED_QUERIES = 10;

/**
 * The ten closest rows of each query by a 64-bit scan. Every row is scored in 8 bits first; the best hundred again in 64,
 * and those are proven enough: what scored worse than the hundredth by more than the rounding can't be among the ten.
 * For a few queries a plain loop over all vectors must agree.
 */
export async function findTruth(folder: string, rows: number, queries: readonly Query[]): Promise<Truth> {
  const index = await createGalleryIndex();
  const gallery = openGallery(folder);
  try {
    for (const { first, vectors } of galleryBatches(folder, rows)) {
      await index.add(
        1,
        vectors.map((vector, i) => ({ personNo: first + i, enrolmentNo: first + i + 1, vector })),
      );
    }
    const nearest: (readonly number[])[] = new Array(queries.length);
    let next = 0;
    const goOn = async (): Promise<void> => {
      for (let i = next++; i < queries.length; i = next++) {
        const { vector } = queries[i] as Query;
        for (let shortlist = SHORTLIST; nearest[i] === undefined; shortlist *= 4) {
          const { hits } = await index.search(1, { vector, maxPersons: shortlist, minScore: -1, exact: true });
          const scored = hits
            .map(({ personNo }) => ({ personNo, score: dot(vector, gallery.vector(personNo)) }))
            .sort((a, b) => b.score - a.score || a.personNo - b.personNo);
          const tenth = scored[NEAREST - 1]?.score ?? Number.NEGATIVE_INFINITY;
          if (hits.length < shortlist || tenth > (hits.at(-1)?.score ?? 1) + ROUNDING) {
            nearest[i] = scored.slice(0, NEAREST).map(({ personNo }) => personNo);
          }
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, goOn));
    checkByLoop(folder, rows, { queries: queries.slice(0, LOOPED_QUERIES), nearest });
    return { nearest };
  } finally {
    gallery.close();
    await index.close();
  }
}

function checkByLoop(
  folder: string,
  rows: number,
  found: { readonly queries: readonly Query[]; readonly nearest: readonly (readonly number[])[] },
): void {
  const best = found.queries.map((): { row: number; score: number }[] => []);
  for (const { first, vectors } of galleryBatches(folder, rows)) {
    for (const [q, { vector }] of found.queries.entries()) {
      const top = best[q] as { row: number; score: number }[];
      for (const [i, other] of vectors.entries()) {
        const score = dot(vector, other);
        if (top.length === NEAREST && score <= (top[NEAREST - 1]?.score ?? 0)) continue;
        top.push({ row: first + i, score });
        top.sort((a, b) => b.score - a.score || a.row - b.row);
        top.length = Math.min(top.length, NEAREST);
      }
    }
  }
  for (const [q, top] of best.entries()) {
    const looped = top.map(({ row }) => row).join();
    if (looped !== found.nearest[q]?.join()) throw new Error(`query ${q}: a plain loop finds ${looped} instead`);
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < DIMS; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
