import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  directions,
  enrolSynthetic,
  openSyntheticParts,
  SYNTHETIC_PACK,
  type SyntheticParts,
} from '../../../tests/support/synthetic-gallery.ts';
import { decisionRule } from '../decide.ts';
import type { GalleryRef } from '../types.ts';
import { calibrateGrownGalleries } from './calibrate-grown-galleries.ts';

let parts: SyntheticParts;
const ref: GalleryRef = { tenantId: 'home', kind: 'large-person', galleryId: 'club' };
const direction = directions(11);

beforeAll(async () => {
  parts = await openSyntheticParts();
  await parts.store.createGallery({ ...ref, name: 'Club', recognitionModel: 'recognition_04', createdMs: 0 });
});
afterAll(() => parts.close());

test('a gallery gets a tail of its own when it is large enough, and a new one when it has grown', async () => {
  await enrolStrangers(40);
  expect(await calibrateGrownGalleries(parts)).toBe(0);

  await enrolStrangers(160);
  expect(await calibrateGrownGalleries(parts)).toBe(1);
  const { tail } = await parts.store.getGallery(ref);
  expect(tail).toMatchObject({ enrolments: 200, curve: { persons: 199 } });
  // Random directions in 128 dimensions: the best of 199 strangers lies near .24, far below what the pack thinks.
  const rule = decisionRule(SYNTHETIC_PACK.calibration, {
    persons: 200,
    enrolments: 200,
    targetFpir: 0.01,
    ownTail: tail?.curve,
  });
  expect(rule.tail.measuredOn).toContain('200 persons');
  expect(rule.thresholdScore).toBeGreaterThan(0.25);
  expect(rule.thresholdScore).toBeLessThan(0.42);

  // Unchanged, it is left alone.
  expect(await calibrateGrownGalleries(parts)).toBe(0);
  await enrolStrangers(100);
  expect(await calibrateGrownGalleries(parts)).toBe(1);
});

async function enrolStrangers(count: number): Promise<void> {
  const people = Array.from({ length: count }, () => ({ name: 'Somebody', vectors: [direction()] }));
  await enrolSynthetic(parts, ref, people);
}
