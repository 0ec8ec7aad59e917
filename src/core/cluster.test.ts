import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clusterTemplates } from './cluster.ts';

/** The textbook's way: look at all pairs of groups, merge the closest, begin again. */
function mergeClosestAgainAndAgain(vectors: readonly Float32Array[], minMeanScore: number): number[][] {
  const groups = vectors.map((_, index) => [index]);
  const meanScore = (a: readonly number[], b: readonly number[]): number => {
    let sum = 0;
    for (const i of a) {
      for (const j of b) sum += (vectors[i] as Float32Array).reduce((dot, x, d) => dot + x * (vectors[j]?.[d] ?? 0), 0);
    }
    return sum / (a.length * b.length);
  };
  for (;;) {
    let best = { a: -1, b: -1, score: Number.NEGATIVE_INFINITY };
    for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        const score = meanScore(groups[a] as number[], groups[b] as number[]);
        if (score > best.score) best = { a, b, score };
      }
    }
    if (best.score < minMeanScore) return groups;
    groups[best.a]?.push(...(groups[best.b] as number[]));
    groups.splice(best.b, 1);
  }
}

/** Random directions, so that no two scores are equal: which of equal pairs merges first is nobody's promise. */
const directions = fc
  .tuple(fc.integer(), fc.nat({ max: 12 }))
  .map(([seed, count]) => Array.from({ length: count }, (_, i) => direction(seed * 31 + i)));

function direction(seed: number): Float32Array {
  const values = [1, 2, 3, 4].map((d) => Math.sin(seed * 12.9898 + d * 78.233) * 43758.5453);
  const centred = values.map((value) => value - Math.floor(value) - 0.5);
  return Float32Array.from(centred, (value) => value / Math.hypot(...centred));
}

function asSets(groups: readonly (readonly number[])[]): string[] {
  return groups.map((group) => [...group].sort((a, b) => a - b).join()).sort();
}

test('finds the groups that merging the closest pair again and again finds', async () => {
  await fc.assert(
    fc.asyncProperty(directions, fc.double({ min: -0.5, max: 0.95, noNaN: true }), async (vectors, minMeanScore) => {
      expect(asSets(await clusterTemplates(vectors, minMeanScore))).toEqual(
        asSets(mergeClosestAgainAndAgain(vectors, minMeanScore)),
      );
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('a face between two people does not tie them together', async () => {
  const at = (degrees: number) =>
    Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
  const groups = await clusterTemplates([at(0), at(2), at(44), at(86), at(88)], 0.7);
  expect(groups.find((group) => group.includes(0))).not.toContain(3);
});

test('equal vectors are one group, and the answer comes to an end', async () => {
  const same = Array.from({ length: 50 }, () => Float32Array.of(1, 0));
  expect(await clusterTemplates(same, 0.5)).toEqual([same.map((_, index) => index)]);
});

test('stops when its caller goes away', async () => {
  const vectors = Array.from({ length: 400 }, (_, i) => Float32Array.of(Math.cos(i), Math.sin(i)));
  await expect(clusterTemplates(vectors, 0.5, AbortSignal.abort())).rejects.toThrow(/abort/i);
});
