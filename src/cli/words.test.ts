import { describe, expect, test } from 'vitest';
import { confidenceInWords, howSure, nameIn, oneIn, oneInShort } from './words.ts';

const candidate = (confidence: number, strangerRate: number) => ({
  personId: 'p',
  personName: 'Anna',
  enrolmentId: 'e',
  score: 0.6,
  confidence,
  strangerRate,
});

describe('how sure', () => {
  test('a match is very likely only when few strangers would come as close', () => {
    expect(howSure({ outcome: 'match', candidates: [candidate(0.999, 1e-5)] })).toBe('very likely');
    expect(howSure({ outcome: 'match', candidates: [candidate(0.999, 5e-3)] })).toBe('likely');
    expect(howSure({ outcome: 'match', candidates: [candidate(0.8, 1e-5)] })).toBe('likely');
  });

  test('a question carries its mark, and an unknown face no name', () => {
    const review = { outcome: 'review', candidates: [candidate(0.4, 1e-2)] } as const;
    expect([howSure(review), nameIn(review)]).toEqual(['not sure', 'Anna?']);
    const unknown = { outcome: 'unknown', candidates: [] } as const;
    expect([howSure(unknown), nameIn(unknown)]).toEqual(['unknown', undefined]);
  });
});

test('a confidence reads as no probability, and never as certain', () => {
  expect([1, 0.973, 0.5, 0.004].map(confidenceInWords)).toEqual(['> 0.99', '0.97', '0.50', '< 0.01']);
});

test('rates are said in people, and not beyond what was measured', () => {
  expect([0.7, 0.01, 8.3e-5, 1e-9].map(oneIn)).toEqual([
    'more than 1 in 2',
    '1 in 100',
    '1 in 12,000',
    'fewer than 1 in 1,000,000',
  ]);
  expect([0.7, 8.3e-5, 1e-9].map(oneInShort)).toEqual(['> 1 in 2', '1 in 12K', '< 1 in 1M']);
});
