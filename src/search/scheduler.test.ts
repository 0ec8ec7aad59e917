import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddingMaker } from '../../tests/search/embeddings.ts';
import type { IndexRow, SearchQuery } from '../core/ports.ts';
import { createGalleryIndex, type KeptGalleryIndex } from './gallery-index.ts';
import { cutPieces } from './pieces.ts';
import type { SharedSegment } from './segment.ts';

const make = embeddingMaker(256, 4);
const rowsOf = (count: number, firstNo: number): IndexRow[] =>
  Array.from({ length: count }, (_, i) => ({ personNo: i, enrolmentNo: firstNo + i, vector: make.stranger() }));
const LARGE = rowsOf(60_000, 1);
const SMALL = rowsOf(3000, 100_000);
const queryFor = (row: IndexRow | undefined, exact = false): SearchQuery => ({
  vector: make.mate(row?.vector ?? make.stranger(), 0.7),
  maxPersons: 2,
  minScore: 0.3,
  exact,
});

describe('searches at once', () => {
  let index: KeptGalleryIndex;
  beforeAll(async () => {
    index = await createGalleryIndex({ threads: 2, maxQueued: 200 });
    await index.add(1, LARGE);
    await index.add(2, SMALL);
  });
  afterAll(() => index.close());

  test('each gets its own answer, though they share passes over memory', async () => {
    const wanted = Array.from({ length: 150 }, (_, i) => LARGE[i * 397] as IndexRow);
    const answers = await Promise.all(wanted.map((row, i) => index.search(1, queryFor(row, i % 4 === 0))));
    expect(answers.map(({ hits }) => hits[0]?.personNo)).toEqual(wanted.map(({ personNo }) => personNo));
    expect(index.stats().queued).toBe(0);
  });

  test('those beyond the queue are refused, and the others answered', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 260 }, () => index.search(1, queryFor(LARGE[5]))));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBe(60);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ problem: { kind: 'busy', retryAfterS: expect.any(Number) } });
    }
    expect(index.stats()).toMatchObject({ queued: 0, refusedBusy: 60 });
    expect((await index.search(1, queryFor(LARGE[5]))).hits[0]?.personNo).toBe(5);
  });

  test('a small gallery is answered before the large ones that came first', async () => {
    const order: string[] = [];
    const large = Array.from({ length: 120 }, () =>
      index.search(1, queryFor(LARGE[9], true)).then(() => order.push('large')),
    );
    const small = index.search(2, queryFor(SMALL[9])).then(() => order.push('small'));
    await Promise.all([...large, small]);
    // The first pass over the large gallery holds up to 16
    expect(order.indexOf('small')).toBeLessThanOrEqual(16);
  });

  test('one that nobody waits for any more ends at once, and frees its place', async () => {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const given = Array.from({ length: 190 }, (_, i) =>
      index.search(1, queryFor(LARGE[i], true), controller.signal).then(
        () => 'answered',
        (error: Error) => error.name,
      ),
    );
    const kept = index.search(1, queryFor(LARGE[77], true));
    controller.abort();
    expect(new Set(await Promise.all(given))).toEqual(new Set(['AbortError']));
    expect((await kept).hits[0]?.personNo).toBe(77);
    expect(index.stats().queued).toBe(0);
    const aborted = AbortSignal.abort();
    await expect(index.search(1, queryFor(LARGE[1]), aborted)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(index.search(2, queryFor(SMALL[1]), aborted)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('all-neighbours gives way to searches', async () => {
    const controller = new AbortController();
    const neighbours = (async () => {
      let done = 0;
      try {
        for await (const batch of index.allNeighbours(1, { minScore: 0.2 }, controller.signal)) done = batch.done;
      } catch (error) {
        expect(error).toMatchObject({ name: 'AbortError' });
      }
      return done;
    })();
    await expect.poll(() => index.stats().queued).toBe(0);
    for (let i = 0; i < 30; i++) {
      expect((await index.search(1, queryFor(LARGE[i]))).hits[0]?.personNo).toBe(i);
    }
    controller.abort();
    expect(await neighbours).toBeLessThan(LARGE.length);
  });

  test('after a search was closed over, it fails and does not hang', async () => {
    const own = await createGalleryIndex({ threads: 1 });
    await own.add(1, LARGE);
    const search = own.search(1, queryFor(LARGE[3], true));
    const outcome = expect(search).rejects.toThrow('closed');
    await own.close();
    await outcome;
  });
});

describe('pieces', () => {
  const segment: SharedSegment = { arenaNo: 0, address: 0, dims: 128, capacity: 65_536, highNibbleError: 0.1 };

  test('hold every row once, in order', () => {
    const spans = [
      { segment, from: 0, to: 100 },
      { segment, from: 5000, to: 65_000 },
      { segment, from: 3, to: 3 },
      { segment, from: 0, to: 0, rows: Uint32Array.from({ length: 9000 }, (_, i) => i * 3) },
    ];
    for (const rowNs of [0.1, 4, 1000]) {
      const rows: number[] = [];
      for (const span of cutPieces(spans, { rowNs, threads: 2 }).flat()) {
        if (span.rows) rows.push(...span.rows);
        else for (let row = span.from; row < span.to; row++) rows.push(row);
      }
      const whole: number[] = [];
      for (const span of spans) {
        if (span.rows) whole.push(...span.rows);
        else for (let row = span.from; row < span.to; row++) whole.push(row);
      }
      expect(rows).toEqual(whole);
    }
  });

  test('are enough for every thread, and none takes long', () => {
    const pieces = cutPieces([{ segment, from: 0, to: 60_000 }], { rowNs: 4, threads: 4 });
    expect(pieces.length).toBeGreaterThanOrEqual(7);
    const slow = cutPieces([{ segment, from: 0, to: 60_000 }], { rowNs: 1000, threads: 1 });
    expect(Math.max(...slow.map((spans) => spans.reduce((sum, { from, to }) => sum + to - from, 0)))).toBe(4096);
  });
});
