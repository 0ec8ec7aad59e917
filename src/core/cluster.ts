// Groups of templates that are one person each, without knowing how many persons there are.
import { nextTurn } from './next-turn.ts';

/** Comparisons before other work gets its turn: some 10 ms. */
const PAIRS_PER_TURN = 20_000;
/** Scores looked through before other work gets its turn: some ms. */
const SCORES_PER_TURN = 1_000_000;

/**
 * Average-linkage clustering of unit vectors: two groups become one while the mean score between their members is at
 * least `minMeanScore`, the closest first. One doubtful face can't chain two people together, as it could by nearest
 * neighbours alone. Follows nearest-neighbour chains, which find the same groups in O(n²) (Murtagh 1983).
 * Answers the groups' members as indices into `vectors`; which groups form depends on their order only where scores
 * are exactly equal.
 */
export async function clusterTemplates(
  vectors: readonly Float32Array[],
  minMeanScore: number,
  signal?: AbortSignal,
): Promise<readonly (readonly number[])[]> {
  const links = new Links(vectors.length);
  await links.compareAll(vectors, signal);
  const finished: (readonly number[])[] = [];
  let chain: number[] = [];
  let lookedThrough = 0;
  for (;;) {
    lookedThrough += vectors.length;
    if (lookedThrough > SCORES_PER_TURN) {
      lookedThrough = 0;
      await nextTurn();
      signal?.throwIfAborted();
    }
    const last = chain.at(-1) ?? links.firstGroup();
    if (last === undefined) return finished;
    if (chain.length === 0) chain.push(last);
    const previous = chain.at(-2);
    const next = links.nearestTo(last, previous);
    if (next === undefined || links.score(last, next) < minMeanScore) {
      // Merging others can't bring anything nearer to this group than the nearest of them is now.
      finished.push(links.take(last));
      chain = [];
    } else if (next === previous) {
      chain.length -= 2;
      links.merge(last, next);
    } else {
      chain.push(next);
    }
  }
}

/** Mean scores between groups; a group goes by the index of its first member. */
class Links {
  readonly #count: number;
  readonly #scores: Float32Array;
  readonly #members: (number[] | undefined)[];
  #firstLeft = 0;

  constructor(count: number) {
    this.#count = count;
    this.#scores = new Float32Array(count * count);
    this.#members = Array.from({ length: count }, (_, index) => [index]);
  }

  async compareAll(vectors: readonly Float32Array[], signal?: AbortSignal): Promise<void> {
    let pairs = 0;
    for (let i = 0; i < vectors.length; i++) {
      for (let j = i + 1; j < vectors.length; j++) {
        this.#set(i, j, dot(vectors[i] as Float32Array, vectors[j] as Float32Array));
      }
      pairs += vectors.length - i;
      if (pairs < PAIRS_PER_TURN) continue;
      pairs = 0;
      await nextTurn();
      signal?.throwIfAborted();
    }
  }

  firstGroup(): number | undefined {
    while (this.#firstLeft < this.#count && !this.#members[this.#firstLeft]) this.#firstLeft++;
    return this.#firstLeft < this.#count ? this.#firstLeft : undefined;
  }

  score(a: number, b: number): number {
    return this.#scores[a * this.#count + b] as number;
  }

  /** `favoured` where others are only as near, so that a chain of equals comes to its end. */
  nearestTo(group: number, favoured: number | undefined): number | undefined {
    let best = favoured;
    for (let other = 0; other < this.#count; other++) {
      if (other === group || !this.#members[other]) continue;
      if (best === undefined || this.score(group, other) > this.score(group, best)) best = other;
    }
    return best;
  }

  merge(a: number, b: number): void {
    const into = Math.min(a, b);
    const membersA = this.#members[a] as number[];
    const membersB = this.#members[b] as number[];
    const size = membersA.length + membersB.length;
    for (let other = 0; other < this.#count; other++) {
      if (other === a || other === b || !this.#members[other]) continue;
      const sum = membersA.length * this.score(a, other) + membersB.length * this.score(b, other);
      this.#set(into, other, sum / size);
    }
    this.#members[Math.max(a, b)] = undefined;
    this.#members[into] = [...membersA, ...membersB].sort((x, y) => x - y);
  }

  /** The group's members; from here on it is no group any more. */
  take(group: number): readonly number[] {
    const members = this.#members[group] as number[];
    this.#members[group] = undefined;
    return members;
  }

  #set(a: number, b: number, score: number): void {
    this.#scores[a * this.#count + b] = score;
    this.#scores[b * this.#count + a] = score;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
