import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Neighbour, NeighboursBatch, NeighboursQuery } from '../core/ports.ts';
import type { GalleryRows } from './gallery-rows.ts';
import type { GallerySearch } from './gallery-search.ts';
import { MAX_BATCH } from './layout.ts';
import { prepareValues } from './prepared-query.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Searches under way at once: two passes over memory of as many as share one. */
const IN_FLIGHT = 2 * MAX_BATCH;
/** Enrolments of one answer. */
const ANSWER_ENROLMENTS = 512;

export interface NeighbourParts {
  readonly search: GallerySearch;
  readonly pool: WorkerPool;
}

/** Searches with every enrolment in turn, by rising number, in the background; those added meanwhile are not searched for. */
export async function* allNeighbours(
  parts: NeighbourParts,
  gallery: { readonly galleryNo: number; readonly rows: GalleryRows },
  options: { readonly query: NeighboursQuery; readonly signal: AbortSignal | undefined },
): AsyncIterable<NeighboursBatch> {
  const { query, signal } = options;
  signal?.throwIfAborted();
  // Many searches listen at once: to a signal of their own, so that Node doesn't warn of a leak on the caller's
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  try {
    yield* searchWithEach(parts, gallery, { query, signal: stop.signal });
  } finally {
    stop.abort();
    signal?.removeEventListener('abort', onAbort);
  }
}

async function* searchWithEach(
  parts: NeighbourParts,
  gallery: { readonly galleryNo: number; readonly rows: GalleryRows },
  options: { readonly query: NeighboursQuery; readonly signal: AbortSignal },
): AsyncIterable<NeighboursBatch> {
  const { query, signal } = options;
  const todo = await parts.pool.sort(await enrolmentsAfter(gallery.rows, query.afterEnrolmentNo ?? -1));
  let done = 0;
  while (done < todo.length) {
    const batch = todo.subarray(done, done + ANSWER_ENROLMENTS);
    const neighbours = await nearestOfEach(batch, IN_FLIGHT, (enrolmentNo) =>
      nearestOther(parts.search, gallery, { enrolmentNo, query, signal }),
    );
    signal.throwIfAborted();
    done += batch.length;
    yield { neighbours, doneEnrolmentNo: batch[batch.length - 1] as number, done, total: todo.length };
  }
}

async function enrolmentsAfter(rows: GalleryRows, after: number): Promise<Uint32Array> {
  const numbers = new Uint32Array(rows.enrolments);
  let count = 0;
  const ranges = rows.ranges();
  for (const { segment } of ranges) segment.beginReading();
  for (const { segment, from, to } of ranges) {
    for (let row = from; row < to && count < numbers.length; row++) {
      const enrolmentNo = segment.enrolments[row] as number;
      if (enrolmentNo > after && segment.isLive(row)) numbers[count++] = enrolmentNo;
    }
    segment.endReading();
    await nextTurn();
  }
  return numbers.slice(0, count);
}

/** Runs `nearest` for each number, so many at a time, and keeps the answers in order. */
async function nearestOfEach(
  enrolmentNos: Uint32Array,
  inFlight: number,
  nearest: (enrolmentNo: number) => Promise<Neighbour | undefined>,
): Promise<Neighbour[]> {
  const found: (Neighbour | undefined)[] = new Array(enrolmentNos.length);
  let next = 0;
  const goOn = async (): Promise<void> => {
    for (let i = next++; i < enrolmentNos.length; i = next++) found[i] = await nearest(enrolmentNos[i] as number);
  };
  await Promise.all(Array.from({ length: inFlight }, goOn));
  return found.filter((neighbour) => neighbour !== undefined);
}

async function nearestOther(
  search: GallerySearch,
  { galleryNo, rows }: { readonly galleryNo: number; readonly rows: GalleryRows },
  wanted: {
    readonly enrolmentNo: number;
    readonly query: NeighboursQuery;
    readonly signal: AbortSignal;
  },
): Promise<Neighbour | undefined> {
  const { minScore, apart } = wanted.query;
  const at = rows.findRow(wanted.enrolmentNo);
  if (!at) return undefined;
  const { arena } = at.segment.block;
  const personNo = at.segment.persons[at.row] as number;
  const prepared = prepareValues(arena, rows.dims, at.segment.takeValues(at.row));
  const { top } = await search.find(galleryNo, rows, {
    prepared,
    maxPersons: 1,
    minScore: minScore <= -1 ? -2 : minScore,
    exact: false,
    exceptPersonNos: [personNo, ...(apart?.get(personNo) ?? [])],
    background: true,
    signal: wanted.signal,
  });
  const nearestEnrolmentNo = top.enrolments[0] as number;
  if (top.count === 0 || !rows.has(nearestEnrolmentNo) || !rows.has(wanted.enrolmentNo)) return undefined;
  return {
    personNo,
    enrolmentNo: wanted.enrolmentNo,
    nearestPersonNo: top.persons[0] as number,
    nearestEnrolmentNo,
    score: top.scores[0] as number,
  };
}
