// What every index of galleries does, held against the plain loop of the reference.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GalleryIndex, IndexRow, Neighbour, NeighboursQuery, SearchQuery } from '../../src/core/ports.ts';
import { createReferenceIndex } from '../../src/search/reference-index.ts';
import { embeddingMaker } from '../search/embeddings.ts';

/** 8-bit rounding moves a score by less than this: at 128 values by .0034 at most in some millions of scores. */
const ROUNDING = 0.005;

/** A way of searching, forced. */
export interface SearchWay {
  readonly name: string;
  readonly dims: number;
  open(): Promise<GalleryIndex>;
}

export interface GalleryIndexContract {
  /** As it is when it runs. Whoever opens also closes. */
  open(): Promise<GalleryIndex>;
  /** Each way of searching at the largest cost: by shortlists, however small the gallery is. */
  openForced(): Promise<GalleryIndex>;
  readonly ways: readonly SearchWay[];
  /** Sequences of changes tried in each way. */
  readonly numRuns: number;
  /** Templates of the large gallery, 10,000 or more. */
  readonly large: number;
  /** Weak mates searched for in it, a multiple of 30. */
  readonly weakMates: number;
  /** Enrolments of a gallery in which each one's nearest is looked for. */
  readonly neighbours: number;
  /** From this least score on, it is searched by a shortlist. */
  readonly approximateFrom: number;
}

export function testGalleryIndex(contract: GalleryIndexContract): void {
  const { open, openForced, ways, numRuns, large, weakMates, neighbours, approximateFrom } = contract;

  describe('after any changes every search answers as the reference does', () => {
    for (const way of ways) {
      test(way.name, async () => {
        const make = embeddingMaker(way.dims, 11);
        const centres = Array.from({ length: 64 }, () => make.stranger());
        const index = await way.open();
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
            const reference = createReferenceIndex();
            const held = new Map<number, IndexRow[]>([1, 2, 3].map((no) => [no, []]));
            let enrolmentNo = 0;
            for (const no of held.keys()) await index.removeGallery(no);
            for (const action of steps) {
              const rows = held.get(action.gallery) as IndexRow[];
              if (action.kind === 'add') {
                const added = action.persons.map((personNo) => ({
                  personNo,
                  enrolmentNo: ++enrolmentNo,
                  vector: make.mate(centres[personNo] as Float32Array, 0.8),
                }));
                rows.push(...added);
                await Promise.all([index.add(action.gallery, added), reference.add(action.gallery, added)]);
              } else if (action.kind === 'replace' && rows.length > 0) {
                const added = new Map(
                  action.nth.map((nth) => {
                    const row = rows[nth % rows.length] as IndexRow;
                    return [row.enrolmentNo, { ...row, vector: make.mate(centres[row.personNo] as Float32Array, 0.7) }];
                  }),
                );
                await index.add(action.gallery, [...added.values()]);
                await reference.add(action.gallery, [...added.values()]);
              } else if (action.kind === 'remove') {
                const removed = action.nth.map((nth) => rows[nth]?.enrolmentNo ?? 1e6 + nth);
                held.set(
                  action.gallery,
                  rows.filter((row) => !removed.includes(row.enrolmentNo)),
                );
                await Promise.all([index.remove(action.gallery, removed), reference.remove(action.gallery, removed)]);
              } else if (action.kind === 'removeGallery') {
                held.set(action.gallery, []);
                await Promise.all([index.removeGallery(action.gallery), reference.removeGallery(action.gallery)]);
              } else if (action.kind === 'search' || action.kind === 'filter') {
                const vector = make.mate(centres[action.nth % 64] as Float32Array, 0.3 + (action.nth % 7) / 10);
                const query = {
                  vector,
                  maxPersons: action.kind === 'search' ? action.maxPersons : 10,
                  minScore: action.nth % 3 === 0 ? -1 : 0.2,
                  exact: action.nth % 5 === 0,
                  ...(action.kind === 'filter' ? { allowPersonNos: action.allowed } : {}),
                };
                await expectSameAnswer({ index, reference, no: action.gallery }, query);
              }
              expect(await index.size(action.gallery)).toEqual(reference.size(action.gallery));
            }
          }),
          { numRuns },
        );
      });
    }
  });

  describe('the search of a large gallery', () => {
    const dims = 512;
    const make = embeddingMaker(dims, 5);
    const rows: IndexRow[] = Array.from({ length: large }, (_, i) => ({
      personNo: i >> 1,
      enrolmentNo: i + 1,
      vector: make.stranger(),
    }));

    let filling: Promise<GalleryIndex> | undefined;
    const filled = (): Promise<GalleryIndex> => {
      filling ??= open().then(async (index) => {
        await index.add(1, rows);
        return index;
      });
      return filling;
    };

    test('finds mates down to the least score asked for, and says that it was not exact', async () => {
      const index = await filled();
      let exactAgrees = 0;
      for (let i = 0; i < weakMates; i++) {
        const row = rows[(i * 67) % rows.length] as IndexRow;
        const cosine = 0.32 + (i % 30) / 100;
        const vector = make.mate(row.vector, cosine);
        const answer = await index.search(1, { vector, maxPersons: 5, minScore: cosine - 0.01 });
        if (cosine >= approximateFrom) expect(answer.exact).toBe(false);
        expect(answer.searched).toBe(rows.length);
        // Or five strangers came closer, as they may to a weak mate
        const isFound = answer.hits.some(({ personNo }) => personNo === row.personNo);
        expect(isFound || (answer.hits[4]?.score ?? 0) > cosine - ROUNDING).toBe(true);
        const exact = await index.search(1, { vector, maxPersons: 5, minScore: cosine - 0.01, exact: true });
        expect(exact.recall).toBe(1);
        if (JSON.stringify(exact.hits) === JSON.stringify(answer.hits)) exactAgrees++;
      }
      // Strangers near the bar may fall to the sketches now and then
      expect(exactAgrees).toBeGreaterThan(0.98 * weakMates);
    });

    test('measures its own recall against the exact scan', async () => {
      const index = await filled();
      const before = (await index.stats()).recall;
      if (before.sampled === 0) expect(before.lowerBound).toBe(0);
      for (let i = 0; i < 150; i++) {
        const vector = make.mate((rows[i] as IndexRow).vector, approximateFrom + 0.15);
        const { recall } = await index.search(1, { vector, maxPersons: 1, minScore: approximateFrom });
        expect(recall).toBeGreaterThan(0.9999);
      }
      const sampled = async () => (await index.stats()).recall.sampled;
      await expect.poll(sampled, { timeout: 20_000 }).toBeGreaterThanOrEqual(before.sampled + 2);
      const { recall } = await index.stats();
      expect(recall.missed).toBe(0);
      expect(recall.lowerBound).toBeGreaterThan(0.3);
    });

    test('filters by person as the reference does, by list and by bits', async () => {
      const index = await filled();
      const reference = createReferenceIndex();
      await reference.add(1, rows);
      for (const every of [1, 2, 9, 40, 300, 9000]) {
        const allowPersonNos = Uint32Array.from({ length: Math.floor(10_000 / every) }, (_, i) => i * every);
        for (let i = 0; i < 6; i++) {
          const vector = make.mate((rows[i * 1800] as IndexRow).vector, 0.6);
          const query = { vector, maxPersons: 3, minScore: 0.15, allowPersonNos };
          await expectSameAnswer({ index, reference, no: 1 }, query);
        }
      }
    });

    test('finds every nearest neighbour of another person, and goes on where it was stopped', async () => {
      const index = await openForced();
      const reference = createReferenceIndex();
      const few = rows.slice(0, neighbours);
      await Promise.all([index.add(1, few), reference.add(1, few)]);
      const expected: Neighbour[] = [];
      for await (const { neighbours } of reference.allNeighbours(1, { minScore: 0.3 })) expected.push(...neighbours);
      const found: Neighbour[] = [];
      let doneEnrolmentNo = 0;
      for await (const batch of index.allNeighbours(1, { minScore: 0.3 })) {
        found.push(...batch.neighbours);
        doneEnrolmentNo = batch.doneEnrolmentNo;
        expect(batch.total).toBe(few.length);
        if (batch.done > neighbours / 3) break;
      }
      for await (const batch of index.allNeighbours(1, { minScore: 0.3, afterEnrolmentNo: doneEnrolmentNo })) {
        found.push(...batch.neighbours);
      }
      const missing = expected.filter(
        (row) => row.score > 0.3 + ROUNDING && !found.some(({ enrolmentNo }) => enrolmentNo === row.enrolmentNo),
      );
      expect(missing).toEqual([]);
      for (const row of found) {
        const same = expected.find(({ enrolmentNo }) => enrolmentNo === row.enrolmentNo);
        // Both ends were rounded to 8 bits
        expect(Math.abs(row.score - (same?.score ?? 0.3))).toBeLessThan(2 * ROUNDING);
        expect(row.nearestPersonNo).not.toBe(row.personNo);
      }
    });
  });

  describe('whoever is apart', () => {
    test('is passed over for the next closest', async () => {
      const index = await open();
      const reference = createReferenceIndex();
      const make = embeddingMaker(128, 17);
      const vectors = Array.from({ length: 40 }, () => make.stranger());
      const twin = make.mate(vectors[0] as Float32Array, 0.9);
      const third = make.mate(vectors[0] as Float32Array, 0.7);
      const people = [
        ...vectors.map((vector, i) => ({ personNo: i, enrolmentNo: i, vector })),
        { personNo: 90, enrolmentNo: 90, vector: twin },
        { personNo: 91, enrolmentNo: 91, vector: third },
      ];
      await Promise.all([index.add(1, people), reference.add(1, people)]);
      const nearestOf0 = async (of: GalleryIndex, apart: NeighboursQuery['apart']) => {
        for await (const { neighbours } of of.allNeighbours(1, { minScore: 0.5, ...(apart ? { apart } : {}) })) {
          const found = neighbours.find(({ personNo }) => personNo === 0);
          if (found) return found.nearestPersonNo;
        }
        return undefined;
      };
      for (const of of [reference, index]) {
        expect(await nearestOf0(of, undefined)).toBe(90);
        expect(await nearestOf0(of, new Map([[0, [90]]]))).toBe(91);
        expect(await nearestOf0(of, new Map([[0, [91, 7, 90]]]))).toBeUndefined();
        // Said of the others, it is theirs
        expect(await nearestOf0(of, new Map([[90, [0]]]))).toBe(90);
      }
    });
  });

  describe('any index', () => {
    const make = embeddingMaker(128, 1);
    const row = (personNo: number, enrolmentNo: number): IndexRow => ({
      personNo,
      enrolmentNo,
      vector: make.stranger(),
    });

    test('holds galleries of different template lengths side by side', async () => {
      const index = await open();
      for (const dims of [128, 256, 512, 640, 1024, 100]) {
        const own = embeddingMaker(dims, dims);
        const rows = Array.from({ length: 50 }, (_, i) => ({
          personNo: i,
          enrolmentNo: dims * 100 + i,
          vector: own.stranger(),
        }));
        await index.add(dims, rows);
        const vector = own.mate((rows[7] as IndexRow).vector, 0.8);
        const { hits } = await index.search(dims, { vector, maxPersons: 1, minScore: -1 });
        expect(hits[0]).toMatchObject({ personNo: 7, enrolmentNo: dims * 100 + 7 });
        expect(hits[0]?.score).toBeCloseTo(0.8, 2);
      }
    });

    test('refuses templates of another length and vectors that are none, and adds nothing of such a batch', async () => {
      const index = await open();
      await index.add(1, [row(1, 1)]);
      const wrong = { personNo: 2, enrolmentNo: 3, vector: new Float32Array(64).fill(0.1) };
      await expect(index.add(1, [row(2, 2), wrong])).rejects.toMatchObject({ problem: { kind: 'model-mismatch' } });
      const notANumber = { ...row(2, 4), vector: new Float32Array(128).fill(Number.NaN) };
      await expect(index.add(1, [row(2, 5), notANumber])).rejects.toMatchObject({
        problem: { kind: 'invalid-argument' },
      });
      await expect(index.add(1, [row(2, 2 ** 32)])).rejects.toMatchObject({ problem: { kind: 'invalid-argument' } });
      expect(await index.size(1)).toEqual({ enrolments: 1, persons: 1 });
      const search = index.search(1, { vector: wrong.vector, maxPersons: 1, minScore: -1 });
      await expect(search).rejects.toMatchObject({ problem: { kind: 'model-mismatch' } });
      for (const wrong of [{ maxPersons: 10_001 }, { maxPersons: -1 }, { minScore: Number.NaN }]) {
        const query = { vector: make.stranger(), maxPersons: 1, minScore: -1, ...wrong };
        await expect(index.search(1, query)).rejects.toMatchObject({ problem: { kind: 'invalid-argument' } });
      }
      const query = { vector: make.stranger(), maxPersons: 5, minScore: Number.POSITIVE_INFINITY };
      expect((await index.search(1, query)).hits).toEqual([]);
    });

    test('answers for a gallery that was never filled, and for nobody wanted', async () => {
      const index = await open();
      const vector = make.stranger();
      expect(await index.search(9, { vector, maxPersons: 5, minScore: -1 })).toEqual({
        hits: [],
        searched: 0,
        exact: true,
        recall: 1,
      });
      await index.add(1, [row(1, 1)]);
      expect((await index.search(1, { vector, maxPersons: 0, minScore: -1 })).hits).toEqual([]);
      expect((await index.search(1, { vector, maxPersons: 5, minScore: -1, allowPersonNos: [] })).hits).toEqual([]);
    });
  });
}

/** The same persons with the same scores, but for what 8-bit rounding moves over a neighbour or the least score asked for. */
async function expectSameAnswer(
  gallery: { index: GalleryIndex; reference: GalleryIndex; no: number },
  query: SearchQuery,
) {
  const { index, reference, no } = gallery;
  const answer = await index.search(no, query);
  const near = await reference.search(no, { ...query, minScore: query.minScore - ROUNDING });
  const sure = near.hits.filter(({ score }) => score >= query.minScore + ROUNDING);
  expect(answer.searched).toBe(near.searched);
  expect(answer.hits.length).toBeGreaterThanOrEqual(sure.length);
  expect(answer.hits.length).toBeLessThanOrEqual(near.hits.length);
  expect(new Set(answer.hits.map(({ personNo }) => personNo)).size).toBe(answer.hits.length);
  for (const [i, hit] of answer.hits.entries()) {
    expect(hit.score).toBeGreaterThanOrEqual(query.minScore);
    expect(Math.abs(hit.score - (near.hits[i]?.score ?? Number.NaN))).toBeLessThan(ROUNDING);
    const same = near.hits.find(({ personNo }) => personNo === hit.personNo);
    if (same) expect(Math.abs(hit.score - same.score)).toBeLessThan(ROUNDING);
    else expect(hit.score - (near.hits.at(-1)?.score ?? 1)).toBeLessThan(ROUNDING);
    const next = answer.hits[i + 1];
    if (next) expect(hit.score > next.score || (hit.score === next.score && hit.personNo < next.personNo)).toBe(true);
  }
}

type Step =
  | { readonly kind: 'add'; readonly gallery: number; readonly persons: readonly number[] }
  | { readonly kind: 'replace' | 'remove'; readonly gallery: number; readonly nth: readonly number[] }
  | { readonly kind: 'removeGallery'; readonly gallery: number }
  | { readonly kind: 'search'; readonly gallery: number; readonly nth: number; readonly maxPersons: number }
  | { readonly kind: 'filter'; readonly gallery: number; readonly nth: number; readonly allowed: readonly number[] };

const gallery = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add'), gallery, persons: fc.array(fc.nat(40), { maxLength: 90 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('replace'), gallery, nth: fc.array(fc.nat(200), { maxLength: 5 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('remove'), gallery, nth: fc.array(fc.nat(200), { maxLength: 70 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeGallery'), gallery }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('search'), gallery, nth: fc.nat(500), maxPersons: fc.nat(60) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('filter'), gallery, nth: fc.nat(500), allowed: fc.array(fc.nat(60)) }),
  },
) as fc.Arbitrary<Step>;
