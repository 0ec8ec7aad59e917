import { describe, expect, test } from 'vitest';
import { directions, near, SYNTHETIC_PACK } from '../../../tests/support/synthetic-gallery.ts';
import { scorePerson } from '../rank-persons.ts';
import { seededRandom } from '../statistics/seeded-random.ts';
import { type Evaluation, evaluateFaces, TooFewFacesError } from './evaluate-faces.ts';
import { compareFaces, pairScores } from './face-comparisons.ts';
import type { LabelledFace } from './labelled-face.ts';
import { runOpenSetTrial } from './open-set-trial.ts';

const { calibration } = SYNTHETIC_PACK;

/** People of three photos each, alike by `cosine`; in 128 random directions strangers stay below about .4. */
function makePeople(persons: number, cosine: (person: number) => number): LabelledFace[] {
  const direction = directions(11);
  return Array.from({ length: persons }, (_, person) => {
    const self = direction();
    return Array.from({ length: 3 }, (_, photo) => ({
      personName: `Person ${String(person).padStart(3, '0')}`,
      file: `${person}/${photo}.jpg`,
      vector: near(self, Math.sqrt(cosine(person)), direction),
      qualityLevel: photo === 2 ? ('medium' as const) : ('high' as const),
      enrollable: true,
    }));
  }).flat();
}

test('a person of several photos is scored as the service scores them', async () => {
  const faces = makePeople(2, () => 0.5);
  const comparisons = await compareFaces(faces);
  const enrolled = [3, 4, 5].map((face) => ({
    enrolmentId: String(face),
    vector: faces[face]?.vector as Float32Array,
    qualityLevel: faces[face]?.qualityLevel ?? 'high',
  }));
  const probe = faces[0]?.vector as Float32Array;
  expect(comparisons.personScore(0, [3, 4, 5])).toBeCloseTo(scorePerson(probe, enrolled).score, 5);
  expect(comparisons.personScore(0, [3])).toBeCloseTo(scorePerson(probe, enrolled.slice(0, 1)).score, 5);
});

test('every pair is counted once, and the worst ones are kept with their faces', async () => {
  const faces = makePeople(30, (person) => (person === 7 ? 0.05 : 0.6));
  const stolen = faces[0]?.vector as Float32Array;
  const mislabelled = [...faces.slice(0, -1), { ...(faces.at(-1) as LabelledFace), vector: stolen }];
  const pairs = pairScores(await compareFaces(mislabelled), 5);
  expect([pairs.genuine.length, pairs.impostor.length]).toEqual([90, (90 * 89) / 2 - 90]);
  expect(pairs.worstImpostor[0]).toMatchObject({ faces: [0, 89], score: expect.closeTo(1, 4) });
  expect(pairs.worstGenuine.slice(0, 3).map(({ faces: [a] }) => Math.floor(a / 3))).toContain(7);
});

test('a trial holds strangers out, keeps the probe back, and enrols only what may be enrolled', async () => {
  const faces = makePeople(30, () => 0.6).map((face, i) => ({ ...face, enrollable: i % 3 !== 0 && i >= 6 }));
  const comparisons = await compareFaces(faces);
  const trial = runOpenSetTrial(comparisons, { random: seededRandom(3), enrolledPersons: 20 });
  expect(trial.gallery.size).toBe(20);
  expect(trial.nonMated.map(({ person }) => person).filter((person) => trial.gallery.has(person))).toEqual([]);
  expect(trial.nonMated).toHaveLength(10);
  // Persons 0 and 1 have no photo fit for enrolment
  expect([trial.gallery.has(0), trial.gallery.has(1)]).toEqual([false, false]);
  for (const enrolled of trial.gallery.values()) expect(enrolled.every((face) => faces[face]?.enrollable)).toBe(true);
  for (const { person, probe } of trial.mated) expect(trial.gallery.get(person)).not.toContain(probe);
});

describe('an evaluation of people who are told apart easily', () => {
  let evaluation: Evaluation;

  test('finds next to no errors, and says how little that proves', async () => {
    evaluation = await evaluateFaces(
      makePeople(240, () => 0.8),
      { calibration, trials: 6, keepWorst: 3 },
    );
    const { verification, identification, recommended } = evaluation;
    expect(verification).toMatchObject({ genuinePairs: 720, equalErrorRate: 0 });
    expect(identification).toMatchObject({ galleryPersons: 160, matedSearches: 960, rankOneMissRate: 0 });
    expect(identification.atFpir.map(({ fpir, fnir }) => [fpir, fnir])).toEqual([
      [0.1, 0],
      [0.03, 0],
      [0.01, 0],
    ]);
    expect(recommended.targetFpir).toBe(0.01);
    expect(recommended.enrolled.match).toBeGreaterThan(0.99);
  });

  test('shows that galleries keep their promise: random directions have a tail of their own', () => {
    expect(evaluation.calibration.map(({ persons, targetFpir }) => [persons, targetFpir])).toEqual([
      [100, 0.1],
      [100, 0.03],
      [100, 0.01],
      [160, 0.1],
      [160, 0.03],
      [160, 0.01],
    ]);
    for (const { measuredFpir, statedInterval } of evaluation.calibration) {
      expect(measuredFpir).toBeGreaterThanOrEqual(statedInterval.lower);
      expect(measuredFpir).toBeLessThanOrEqual(statedInterval.upper);
    }
  });

  test('marks sizes beyond what was tested, with thresholds that rise', () => {
    const { sizes } = evaluation;
    expect(sizes.map(({ isExtrapolated }) => isExtrapolated)).toEqual([false, true, true, true, true]);
    expect(sizes.map(({ threshold }) => threshold)).toEqual(sizes.map(({ threshold }) => threshold).toSorted());
  });
});

test('a group that is harder to recognise shows it, with its interval', async () => {
  const faces = makePeople(120, (person) => (person % 2 === 0 ? 0.8 : 0.25));
  const groupOf = new Map(faces.map(({ personName }, i) => [personName, Math.floor(i / 3) % 2 === 0 ? 'even' : 'odd']));
  const { groups } = await evaluateFaces(faces, { calibration, trials: 5, groupOf });
  const [even, odd] = groups;
  expect(groups.map(({ group, persons }) => [group, persons])).toEqual([
    ['even', 60],
    ['odd', 60],
  ]);
  expect(even?.fnir).toBe(0);
  expect(odd?.fnirInterval.lower).toBeGreaterThan(0.2);
  expect(odd?.fnirInterval.upper).toBeGreaterThan(odd?.fnir ?? 1);
});

test('two people, or nobody twice, are too few to say anything', async () => {
  await expect(
    evaluateFaces(
      makePeople(2, () => 0.8),
      { calibration },
    ),
  ).rejects.toThrow(TooFewFacesError);
  const once = makePeople(30, () => 0.8).filter((_, i) => i % 3 === 0);
  await expect(evaluateFaces(once, { calibration })).rejects.toThrow('photos of 30 people, and of 0 more than one');
});
