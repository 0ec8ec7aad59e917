import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  directions,
  enrolSynthetic,
  near,
  openSyntheticParts,
  SYNTHETIC_PACK,
  type SyntheticParts,
} from '../../../tests/support/synthetic-gallery.ts';
import { decisionRule } from '../decide.ts';
import type { GalleryRef } from '../types.ts';
import { calibrateGallery } from './calibrate-gallery.ts';
import { dismissPair, restorePair } from './dismiss-pairs.ts';
import { type DuplicatesBatch, findLikelyDuplicates } from './find-likely-duplicates.ts';

const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const direction = directions(7);
const strangers = Array.from({ length: 1000 }, (_, i) => ({ name: `Person ${i}`, vectors: [direction()] }));
let parts: SyntheticParts;

beforeAll(async () => {
  parts = await openSyntheticParts();
  await parts.store.createGallery({ ...ref, name: 'Club', recognitionModel: 'recognition_04', createdMs: 0 });
  await enrolSynthetic(parts, ref, strangers);
});
afterAll(() => parts.close());

async function gallery() {
  return parts.store.getGallery(ref);
}

async function search(options: Parameters<typeof findLikelyDuplicates>[2] = {}): Promise<DuplicatesBatch[]> {
  const batches: DuplicatesBatch[] = [];
  for await (const batch of findLikelyDuplicates(parts, await gallery(), options)) batches.push(batch);
  return batches;
}

async function threshold(): Promise<number> {
  const calibrated = await calibrateGallery(parts, await gallery());
  return decisionRule(SYNTHETIC_PACK.calibration, {
    persons: strangers.length,
    enrolments: strangers.length,
    targetFpir: 0.01,
    ownTail: calibrated?.tail.curve,
  }).thresholdScore;
}

test('two people enrolled twice among a thousand strangers are the pairs, and do not move the threshold', async () => {
  expect((await search()).flatMap(({ pairs }) => pairs)).toEqual([]);
  const before = await threshold();

  const [again, oneMore] = await enrolSynthetic(parts, ref, [
    { name: 'Person 17 again', vectors: [direction(), near(vectorOf(17), 0.8, direction)] },
    { name: 'Person 800 again', vectors: [near(vectorOf(800), 0.7, direction)] },
  ]);
  expect(Math.abs((await threshold()) - before)).toBeLessThan(0.01);

  const batches = await search();
  const pairs = batches.flatMap((batch) => batch.pairs);
  expect(pairs.map(({ persons }) => persons.map(({ personName }) => personName))).toEqual([
    ['Person 17', 'Person 17 again'],
    ['Person 800', 'Person 800 again'],
  ]);
  expect(pairs.map(({ persons }) => persons[1].personId)).toEqual([again, oneMore]);
  for (const { expectedByChance } of pairs) expect(expectedByChance).toBeLessThan(0.01);
  expect(batches.at(-1)).toMatchObject({ done: 1003, total: 1003 });
});

test('a run that was stopped goes on where it was', async () => {
  const [first] = await search();
  const rest = await search({ afterEnrolmentNo: first?.doneEnrolmentNo ?? 0 });
  expect(first?.done).toBeLessThan(1003);
  expect(rest.at(-1)?.total).toBe(1003 - (first?.done ?? 0));
  const names = rest.flatMap(({ pairs }) => pairs).map(({ persons }) => persons[1].personName);
  // Both have a side among the enrolments still to come.
  expect(names.sort()).toEqual(['Person 17 again', 'Person 800 again']);
});

test('dismissed pairs are left out, and do not hide whoever comes next closest', async () => {
  const twinVector = near(vectorOf(300), 0.9, direction);
  const [twin = '', third = ''] = await enrolSynthetic(parts, ref, [
    { name: 'Twin of 300', vectors: [twinVector] },
    { name: 'Closest to the twin', vectors: [near(twinVector, 0.8, direction)] },
  ]);
  const { personId: person = '' } = (await parts.store.findPersonByName(ref, 'Person 300')) ?? {};
  const pairsOfThem = async () => {
    const pairs = (await search()).flatMap((batch) => batch.pairs);
    const ids = pairs.map(({ persons }) => persons.map(({ personId }) => personId));
    return ids.filter((pair) => pair.some((personId) => [twin, third].includes(personId)));
  };
  // The twin is closest to both others
  expect(await pairsOfThem()).toEqual([
    [person, twin],
    [twin, third],
  ]);
  const act = { ...parts, audit: { record: async () => ({ chain: 'none', seq: 0 }) } };
  await dismissPair(act, ref, { personIds: [twin, person], keyId: 'reviewer' });
  await dismissPair(act, ref, { personIds: [twin, third], keyId: 'reviewer' });
  expect(await pairsOfThem()).toEqual([[person, third]]);
  await restorePair(act, ref, [person, twin]);
  expect((await pairsOfThem()).sort()).toEqual(
    [
      [person, third],
      [person, twin],
    ].sort(),
  );
});

test('a signal stops it', async () => {
  await expect(search({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

function vectorOf(person: number): Float32Array {
  return strangers[person]?.vectors[0] as Float32Array;
}
