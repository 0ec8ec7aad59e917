import { nextTurn } from '../next-turn.ts';
import { BEST_SHARE, QUALITY_WEIGHT } from '../rank-persons.ts';
import type { ComparisonScores } from '../statistics/error-trade-off.ts';
import type { LabelledFace } from './labelled-face.ts';

/** Everybody compared with everybody, and what follows from it without another look at a template. */
export interface FaceComparisons {
  readonly faces: readonly LabelledFace[];
  /** Person of each face: an index into `personNames`. */
  readonly personOf: Uint32Array;
  readonly personNames: readonly string[];
  /** Faces of each person. */
  readonly facesOf: readonly (readonly number[])[];
  /** Cosine of two faces. */
  scoreOf(a: number, b: number): number;
  /** Score of a face with a person of whom these faces are enrolled: the service's own rule. Lists are known by identity. */
  personScore(probe: number, enrolled: readonly number[]): number;
}

/** Rows between two looks at who else wants the processor. */
const ROWS_A_TURN = 16;

/** Compares all pairs: n² / 2 products of the template's length, 4 n² bytes. */
export async function compareFaces(faces: readonly LabelledFace[], signal?: AbortSignal): Promise<FaceComparisons> {
  const personNames = [...new Set(faces.map(({ personName }) => personName))].sort();
  const numbers = new Map(personNames.map((name, i) => [name, i]));
  const personOf = Uint32Array.from(faces, ({ personName }) => numbers.get(personName) as number);
  const facesOf: number[][] = personNames.map(() => []);
  for (const [face, person] of personOf.entries()) facesOf[person]?.push(face);

  const count = faces.length;
  const scores = new Float32Array(count * count);
  for (let a = 0; a < count; a++) {
    if (a % ROWS_A_TURN === 0) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    const vector = (faces[a] as LabelledFace).vector;
    scores[a * count + a] = 1;
    for (let b = a + 1; b < count; b++) {
      const score = dot(vector, (faces[b] as LabelledFace).vector);
      scores[a * count + b] = score;
      scores[b * count + a] = score;
    }
  }
  const scoreOf = (a: number, b: number): number => scores[a * count + b] as number;
  const weightOf = (face: number): number => QUALITY_WEIGHT[(faces[face] as LabelledFace).qualityLevel];

  const meanLengths = new WeakMap<readonly number[], number>();
  const meanLength = (enrolled: readonly number[]): number => {
    const known = meanLengths.get(enrolled);
    if (known !== undefined) return known;
    let square = 0;
    for (const a of enrolled) for (const b of enrolled) square += weightOf(a) * weightOf(b) * scoreOf(a, b);
    meanLengths.set(enrolled, Math.sqrt(square));
    return Math.sqrt(square);
  };

  return {
    faces,
    personOf,
    personNames,
    facesOf,
    scoreOf,
    personScore(probe, enrolled) {
      let best = -1;
      for (const face of enrolled) best = Math.max(best, scoreOf(probe, face));
      if (enrolled.length < 2) return best;
      // ⟨p, m⟩ / |m| with the weighted mean m, from cosines alone
      let product = 0;
      for (const face of enrolled) product += weightOf(face) * scoreOf(probe, face);
      return BEST_SHARE * best + (1 - BEST_SHARE) * (product / meanLength(enrolled));
    },
  };
}

/** A pair of faces, by number. */
export interface ScoredPair {
  readonly faces: readonly [number, number];
  readonly score: number;
}

export interface PairScores extends ComparisonScores {
  /** Of one person each, least alike first. */
  readonly worstGenuine: readonly ScoredPair[];
  /** Of two persons, most alike first; one pair for each two persons. */
  readonly worstImpostor: readonly ScoredPair[];
}

/** All pairs as 1:1 comparisons; `keep` of the worst of each kind by number. */
export function pairScores(comparisons: FaceComparisons, keep: number): PairScores {
  const { faces, personOf, facesOf, scoreOf } = comparisons;
  const genuineCount = facesOf.reduce((sum, { length }) => sum + (length * (length - 1)) / 2, 0);
  const genuine = new Float32Array(genuineCount);
  const impostor = new Float32Array((faces.length * (faces.length - 1)) / 2 - genuineCount);
  const worstGenuine: ScoredPair[] = [];
  const closest = new Map<string, ScoredPair>();
  let genuineAt = 0;
  let impostorAt = 0;
  let impostorFloor = -1;
  for (let a = 0; a < faces.length; a++) {
    for (let b = a + 1; b < faces.length; b++) {
      const score = scoreOf(a, b);
      if (personOf[a] === personOf[b]) {
        genuine[genuineAt++] = score;
        worstGenuine.push({ faces: [a, b], score });
        continue;
      }
      impostor[impostorAt++] = score;
      if (score <= impostorFloor) continue;
      const key = `${personOf[a]}:${personOf[b]}`;
      if ((closest.get(key)?.score ?? -1) < score) closest.set(key, { faces: [a, b], score });
      if (closest.size > 4 * keep) impostorFloor = dropAllBut(closest, keep);
    }
  }
  dropAllBut(closest, keep);
  return {
    genuine: genuine.sort(),
    impostor: impostor.sort(),
    worstGenuine: worstGenuine.sort((x, y) => x.score - y.score).slice(0, keep),
    worstImpostor: [...closest.values()],
  };
}

/** Leaves the best `keep`, best first; answers the lowest score left. */
function dropAllBut(closest: Map<string, ScoredPair>, keep: number): number {
  const best = [...closest].sort(([, x], [, y]) => y.score - x.score).slice(0, keep);
  closest.clear();
  for (const [key, pair] of best) closest.set(key, pair);
  return best.at(-1)?.[1].score ?? -1;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
