import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  directions,
  enrolSynthetic,
  near,
  openSyntheticParts,
  type SyntheticParts,
} from '../../../tests/support/synthetic-gallery.ts';
import type { GalleryRef } from '../types.ts';
import { type DuplicatesSlice, listLikelyDuplicates } from './list-likely-duplicates.ts';

const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const direction = directions(11);
const STRANGERS = 1200;
let parts: SyntheticParts;

beforeAll(async () => {
  parts = await openSyntheticParts();
  await parts.store.createGallery({ ...ref, name: 'Club', recognitionModel: 'recognition_04', createdMs: 0 });
  const strangers = Array.from({ length: STRANGERS }, (_, i) => ({ name: `Person ${i}`, vectors: [direction()] }));
  const [twin, other] = [strangers[3], strangers[1000]].map((person) => person?.vectors[0] as Float32Array);
  await enrolSynthetic(parts, ref, [
    ...strangers,
    { name: 'Person 3 again', vectors: [near(twin as Float32Array, 0.8, direction)] },
    { name: 'Person 1000 again', vectors: [near(other as Float32Array, 0.9, direction)] },
  ]);
});
afterAll(() => parts.close());

async function slice(budgetMs: number, afterEnrolmentNo?: number): Promise<DuplicatesSlice> {
  const from = afterEnrolmentNo === undefined ? {} : { afterEnrolmentNo };
  const deps = { ...parts, clock: { nowMs: Date.now } };
  return listLikelyDuplicates(deps, await parts.store.getGallery(ref), { budgetMs, ...from });
}

const namesOf = ({ pairs }: DuplicatesSlice) =>
  pairs.map(({ persons }) => persons.map(({ personName }) => personName).join());

test('with time enough everybody is compared at once, and the closest pair comes first', async () => {
  const whole = await slice(600_000);
  expect(namesOf(whole)).toEqual(['Person 1000,Person 1000 again', 'Person 3,Person 3 again']);
  expect(whole).toMatchObject({ compared: STRANGERS + 2, remaining: 0 });
  expect(whole.nextAfter).toBeUndefined();
});

test('slice by slice the same pairs are found, and nobody is compared twice', async () => {
  const found = new Set<string>();
  let compared = 0;
  let slices = 0;
  let after: number | undefined;
  do {
    const part = await slice(0, after);
    for (const pair of namesOf(part)) found.add(pair);
    compared += part.compared;
    expect(part.remaining).toBe(STRANGERS + 2 - compared);
    after = part.nextAfter;
    slices++;
  } while (after !== undefined);
  expect(slices).toBeGreaterThan(1);
  expect([...found].sort()).toEqual(['Person 1000,Person 1000 again', 'Person 3,Person 3 again']);
  expect(compared).toBe(STRANGERS + 2);
});
