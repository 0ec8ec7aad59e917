// A keyed turning of templates: the distances between all that are turned with one key stay, and those between templates
// turned with different keys say nothing. Sign flips, permutations and Walsh–Hadamard transforms, each orthogonal, in
// three rounds (the fast rotation of Ailon & Chazelle, SIAM J. Comput. 39(1), 2009, with secret signs and a secret order).
import { createCipheriv } from 'node:crypto';

export const TRANSFORM_KEY_BYTES = 32;
const ROUNDS = 3;

export interface TemplateTransform {
  /** A new vector of the same length and norm, but for rounding (below 1e-6). */
  turn(vector: Float32Array): Float32Array;
  /** The inverse of `turn`. */
  turnBack(vector: Float32Array): Float32Array;
}

interface Round {
  readonly signs: Float64Array;
  /** Where each member goes. */
  readonly places: Uint16Array;
}

/** For vectors of `dims` members, at most 65,535; the key has 32 bytes. */
export function createTemplateTransform(key: Uint8Array, dims: number): TemplateTransform {
  const random = keystream(key, dims);
  const rounds = Array.from(
    { length: ROUNDS },
    (): Round => ({ signs: signs(random, dims), places: order(random, dims) }),
  );
  const blocks = powersOfTwo(dims);
  return {
    turn(vector) {
      let from = Float64Array.from(vector);
      for (const { signs, places } of rounds) {
        const to = new Float64Array(dims);
        for (let i = 0; i < dims; i++) to[places[i] as number] = (from[i] as number) * (signs[i] as number);
        hadamardBlocks(to, blocks);
        from = to;
      }
      return Float32Array.from(from);
    },
    turnBack(vector) {
      let from = Float64Array.from(vector);
      for (const { signs, places } of rounds.toReversed()) {
        hadamardBlocks(from, blocks);
        const to = new Float64Array(dims);
        for (let i = 0; i < dims; i++) to[i] = (from[places[i] as number] as number) * (signs[i] as number);
        from = to;
      }
      return Float32Array.from(from);
    },
  };
}

/** 512 → [512], 640 → [512, 128]: the permutations mix what the blocks don't. */
function powersOfTwo(dims: number): readonly number[] {
  const blocks: number[] = [];
  for (let left = dims; left > 0; ) {
    const block = 2 ** Math.floor(Math.log2(left));
    blocks.push(block);
    left -= block;
  }
  return blocks;
}

/** Orthonormal, and its own inverse. */
function hadamardBlocks(vector: Float64Array, blocks: readonly number[]): void {
  let first = 0;
  for (const length of blocks) {
    for (let half = 1; half < length; half *= 2) {
      for (let group = first; group < first + length; group += 2 * half) {
        for (let i = group; i < group + half; i++) {
          const a = vector[i] as number;
          const b = vector[i + half] as number;
          vector[i] = a + b;
          vector[i + half] = a - b;
        }
      }
    }
    const scale = 1 / Math.sqrt(length);
    for (let i = first; i < first + length; i++) vector[i] = (vector[i] as number) * scale;
    first += length;
  }
}

type Random = () => number;

/** Uniform 32-bit numbers: AES-256 in counter mode, begun anew for each length of vector. */
function keystream(key: Uint8Array, dims: number): Random {
  const start = Buffer.alloc(16);
  start.writeUInt32BE(dims, 0);
  const cipher = createCipheriv('aes-256-ctr', key, start);
  let words = new Uint32Array(0);
  let next = 0;
  return () => {
    if (next === words.length) {
      words = new Uint32Array(new Uint8Array(cipher.update(new Uint8Array(4096))).buffer);
      next = 0;
    }
    return words[next++] as number;
  };
}

function signs(random: Random, dims: number): Float64Array {
  return Float64Array.from({ length: dims }, () => (random() & 1 ? 1 : -1));
}

/** Fisher–Yates; what would favour some orders is drawn again. */
function order(random: Random, dims: number): Uint16Array {
  const places = Uint16Array.from({ length: dims }, (_, i) => i);
  for (let i = dims - 1; i > 0; i--) {
    const j = below(random, i + 1);
    const place = places[i] as number;
    places[i] = places[j] as number;
    places[j] = place;
  }
  return places;
}

function below(random: Random, count: number): number {
  const fair = 2 ** 32 - (2 ** 32 % count);
  for (;;) {
    const value = random();
    if (value < fair) return value % count;
  }
}
