import { expect, test } from 'vitest';
import { scorePerson } from './rank-persons.ts';
import type { QualityLevel } from './types.ts';

/** Unit vector in the plane, `degrees` away from the probe's direction. */
function at(degrees: number, qualityLevel: QualityLevel = 'high') {
  const angle = (degrees * Math.PI) / 180;
  return {
    enrolmentId: `at ${degrees}`,
    qualityLevel,
    vector: Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0),
  };
}
const probe = at(0).vector;

test('one photo scores its cosine', () => {
  expect(scorePerson(probe, [at(60)])).toEqual({ enrolmentId: 'at 60', score: expect.closeTo(0.5, 6) });
});

test('photos on both sides of the probe score higher together than the closest alone', () => {
  const { enrolmentId, score } = scorePerson(probe, [at(40), at(-45)]);
  expect(enrolmentId).toBe('at 40');
  expect(score).toBeGreaterThan(Math.cos((40 * Math.PI) / 180));
});

test('a useless photo hardly spoils a person', () => {
  const good = [at(30), at(-30)];
  const clean = scorePerson(probe, good).score;
  const spoilt = scorePerson(probe, [...good, at(95, 'low')]).score;
  const asIfGood = scorePerson(probe, [...good, at(95, 'high')]).score;
  expect(clean - spoilt).toBeLessThan(0.02);
  expect(clean - asIfGood).toBeGreaterThan(0.04);
});
