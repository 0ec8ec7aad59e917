import { afterAll, describe, expect, test } from 'vitest';
import { embeddingMaker } from '../../tests/search/embeddings.ts';
import { testGalleryIndex } from '../../tests/support/gallery-index-contract.ts';
import type { IndexRow } from '../core/ports.ts';
import { createGalleryIndex, type GalleryIndexOptions, type KeptGalleryIndex } from './gallery-index.ts';

const opened: KeptGalleryIndex[] = [];
afterAll(async () => {
  for (const index of opened) await index.close();
});

async function open(options: GalleryIndexOptions = {}) {
  const index = await createGalleryIndex({ threads: 2, ...options });
  opened.push(index);
  return index;
}

const ways: { readonly name: string; readonly dims: number; readonly options: GalleryIndexOptions }[] = [
  { name: 'on the main thread', dims: 128, options: {} },
  { name: 'on the main thread, with the plain kernel', dims: 128, options: { kernel: 'plain' } },
  { name: 'exactly in threads', dims: 256, options: { inlineRows: 0 } },
  { name: 'in two stages in threads', dims: 512, options: { inlineRows: 0, exactRows: 0 } },
  { name: 'in two stages in threads, padded', dims: 200, options: { inlineRows: 0, exactRows: 0 } },
];

testGalleryIndex({
  open: () => open(),
  openForced: () => open({ inlineRows: 0, exactRows: 0 }),
  ways: ways.map(({ options, ...way }) => ({ ...way, open: () => open(options) })),
  numRuns: 40,
  large: 20_000,
  weakMates: 300,
  neighbours: 1200,
  approximateFrom: 0.3,
});

describe('the index', () => {
  const make = embeddingMaker(128, 1);
  const row = (personNo: number, enrolmentNo: number): IndexRow => ({ personNo, enrolmentNo, vector: make.stranger() });

  test('keeps a small gallery in little memory', async () => {
    const index = await open();
    const before = index.stats().reservedBytes;
    const big = embeddingMaker(512, 2);
    for (let no = 1; no <= 100; no++) {
      const rows = Array.from({ length: 10 }, (_, i) => ({
        personNo: i,
        enrolmentNo: no * 100 + i,
        vector: big.stranger(),
      }));
      await index.add(no, rows);
    }
    expect((index.stats().reservedBytes - before) / 100).toBeLessThanOrEqual(16_384);
    expect(index.stats().galleries).toBe(100);
  });

  test('gives memory back, overwritten, when enrolments are removed', async () => {
    const index = await open();
    const rows = Array.from({ length: 6000 }, (_, i) => row(i, i + 1));
    await index.add(1, rows);
    const full = index.stats().reservedBytes;
    await index.remove(
      1,
      rows.slice(0, 5900).map(({ enrolmentNo }) => enrolmentNo),
    );
    await expect.poll(() => index.stats().reservedBytes).toBeLessThan(full / 8);
    const answer = await index.search(1, { vector: (rows[5950] as IndexRow).vector, maxPersons: 1, minScore: 0.5 });
    expect(answer.hits).toMatchObject([{ personNo: 5950, enrolmentNo: 5951 }]);
    await index.removeGallery(1);
    await expect.poll(() => index.stats().reservedBytes).toBe(0);
  });

  test('refuses searches while it is filled anew, and until that succeeds', async () => {
    const index = await open();
    const [gone, kept] = [row(1, 1), row(2, 2)];
    await index.add(1, [gone]);
    const search = ({ vector }: IndexRow) => index.search(1, { vector, maxPersons: 1, minScore: 0.9 });
    const refused = { problem: { kind: 'unavailable' } };
    const failed = index.refill(async () => {
      await expect(search(gone)).rejects.toMatchObject(refused);
      throw new Error('the store is away');
    });
    await expect(failed).rejects.toThrow('away');
    await expect(search(gone)).rejects.toMatchObject(refused);
    await index.refill(() => index.add(1, [kept]));
    expect((await search(gone)).hits).toEqual([]);
    expect((await search(kept)).hits).toMatchObject([{ personNo: 2 }]);
    expect(index.stats().enrolments).toBe(1);
  });

  test('says that it runs the plain kernel', async () => {
    expect((await open({ kernel: 'plain' })).stats()).toMatchObject({ kernel: 'plain', warning: expect.any(String) });
    expect((await open()).stats()).toMatchObject({ kernel: 'wasm' });
  });
});
