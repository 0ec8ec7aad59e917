// Writers, searchers, compaction and snapshots at once: a few seconds in the default suite, five minutes in
// `npm run test:race`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { IndexRow } from '../../src/core/ports.ts';
import { createGalleryIndex } from '../../src/search/gallery-index.ts';
import { embeddingMaker, seededRandom } from './embeddings.ts';

const DURATION_MS = 1000 * Number(process.env.RACE_SECONDS ?? 3);
const DIMS = 256;
const PLAIN_CIPHER = { seal: (chunk: Uint8Array) => chunk, open: (chunk: Uint8Array) => chunk };

interface Kept extends IndexRow {
  /** Changes of a row that is being removed or added right now say nothing. */
  settled: boolean;
}

test(
  'no search misses an acknowledged enrolment, or names a removed one',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kith-race-'));
    const index = await createGalleryIndex({ threads: 3, inlineRows: 0, exactRows: 0 });
    const make = embeddingMaker(DIMS, 99);
    const random = seededRandom(Date.now());
    const galleries = [1, 2, 3].map((galleryNo) => ({ galleryNo, rows: new Map<number, Kept>() }));
    const removed = new Set<number>();
    const counts = { added: 0, removed: 0, searches: 0, snapshots: 0 };
    const endMs = performance.now() + DURATION_MS;
    const running = (): boolean => performance.now() < endMs || counts.searches < 50 || counts.snapshots === 0;
    let enrolmentNo = 0;

    const write = async ({ galleryNo, rows }: (typeof galleries)[number]): Promise<void> => {
      while (running()) {
        const added = Array.from({ length: 1 + Math.floor(random() * 400) }, () => ({
          personNo: 1 + Math.floor(random() * 2000),
          enrolmentNo: ++enrolmentNo,
          vector: make.stranger(),
          settled: false,
        }));
        await index.add(galleryNo, added);
        for (const row of added) {
          row.settled = true;
          rows.set(row.enrolmentNo, row);
        }
        counts.added += added.length;
        const share = rows.size > 9000 ? 0.6 : 0.1;
        const leaving = [...rows.values()].filter(() => random() < share);
        for (const row of leaving) row.settled = false;
        await index.remove(
          galleryNo,
          leaving.map((row) => row.enrolmentNo),
        );
        for (const row of leaving) {
          rows.delete(row.enrolmentNo);
          removed.add(row.enrolmentNo);
        }
        counts.removed += leaving.length;
        expect(index.size(galleryNo).enrolments).toBe(rows.size);
      }
    };

    const search = async (exact: boolean): Promise<void> => {
      while (running()) {
        const { galleryNo, rows } = galleries[Math.floor(random() * galleries.length)] as (typeof galleries)[number];
        const all = [...rows.values()];
        const row = all[Math.floor(random() * all.length)];
        if (!row?.settled) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          continue;
        }
        const gone = new Set(removed);
        const answer = await index.search(galleryNo, {
          vector: make.mate(row.vector, 0.9),
          maxPersons: 10,
          minScore: -1,
          exact,
          ...(random() < 0.3 ? { allowPersonNos: [row.personNo, 1, 2, 3] } : {}),
        });
        counts.searches++;
        for (const hit of answer.hits) {
          if (gone.has(hit.enrolmentNo)) throw new Error(`${hit.enrolmentNo} was removed before the search began`);
        }
        if (row.settled && answer.hits[0]?.enrolmentNo !== row.enrolmentNo) {
          throw new Error(`${row.enrolmentNo} was there and not found: ${JSON.stringify(answer)}`);
        }
      }
    };

    const snapshot = async (): Promise<void> => {
      for (let i = 0; running(); i++) {
        const path = join(folder, 'index');
        await index.saveSnapshot({ path, cipher: PLAIN_CIPHER, changeNo: i });
        const copy = await createGalleryIndex({ threads: 1 });
        expect(await copy.loadSnapshot({ path, cipher: PLAIN_CIPHER })).toMatchObject({ kind: 'loaded', changeNo: i });
        await copy.close();
        counts.snapshots++;
      }
    };

    const neighbours = async (): Promise<void> => {
      while (running()) {
        for await (const batch of index.allNeighbours(1, { minScore: 0.1 })) {
          for (const row of batch.neighbours) expect(row.personNo).not.toBe(row.nearestPersonNo);
          if (!running()) break;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };

    await Promise.all([
      ...galleries.map(write),
      ...[true, true, false, false, false, false].map(search),
      snapshot(),
      neighbours(),
    ]);
    expect(counts.added).toBeGreaterThan(100);
    expect(counts.removed).toBeGreaterThan(10);
    await index.close();
    await rm(folder, { recursive: true });
  },
  DURATION_MS + 120_000,
);
