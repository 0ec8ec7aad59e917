import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopPersons } from './top-persons.ts';

const offer = fc.record({
  personNo: fc.nat(20),
  enrolmentNo: fc.nat(1000),
  // Few different scores, so that many are equal
  score: fc.nat(12).map((n) => n / 16),
});

test('keeps the best entry of each of the best persons, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(offer, { maxLength: 80 }), fc.integer({ min: 1, max: 12 }), (offers, wanted) => {
      const top = new TopPersons(wanted);
      for (const { personNo, enrolmentNo, score } of offers) top.offer(personNo, enrolmentNo, score);
      const best = new Map<number, (typeof offers)[number]>();
      for (const entry of offers) {
        const known = best.get(entry.personNo);
        const isBetter =
          !known || entry.score > known.score || (entry.score === known.score && entry.enrolmentNo < known.enrolmentNo);
        if (isBetter) best.set(entry.personNo, entry);
      }
      const expected = [...best.values()].sort((a, b) => b.score - a.score || a.personNo - b.personNo).slice(0, wanted);
      expect(
        Array.from({ length: top.count }, (_, i) => ({
          personNo: top.persons[i],
          enrolmentNo: top.enrolments[i],
          score: top.scores[i],
        })),
      ).toEqual(expected);
      expect(top.bar).toBe(best.size < wanted ? Number.NEGATIVE_INFINITY : expected.at(-1)?.score);
    }),
  );
});
